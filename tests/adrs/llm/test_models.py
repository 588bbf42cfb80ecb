"""Over real sockets: what is asked, what is asked again, what is recorded, and what never is."""

import asyncio
import itertools
import sys
import time
import traceback
from typing import Any

import pytest

from adrs.errors import UserError
from adrs.llm.models import Models
from adrs.llm.prices import Price, Prices
from adrs.llm.records import Call, MemoryJournal, Message
from adrs.llm.retry import Patience
from adrs.llm.spending import BudgetExhausted, Spending
from adrs.testing.openai_server import Answer, Fault, Request, Server
from tests.adrs.llm.tools import HELLO, KEY, ask, refusal_of, spec, with_models

HURRIED = Patience(attempts=3, first_wait=0.01, longest_wait=0.02, attempt_seconds=1.0, call_seconds=20.0)


def test_an_answer_with_its_tokens_and_cost_is_recorded() -> None:
    journal, spending = MemoryJournal(), Spending()
    with Server([Answer("hello", 1000, 200)]) as server:
        call = ask(server, journal=journal, spending=spending, prices=Prices({"stub": Price(2.0, 10.0)}))
    assert (call.answer, call.error, call.input_tokens, call.output_tokens) == ("hello", "", 1000, 200)
    assert call.usd == pytest.approx(0.004)
    assert journal.calls == [call]
    assert (spending.usd, spending.tokens, spending.calls) == (call.usd, 1200, 1)
    request = server.requests[0]
    assert request.model == "stub"
    assert [message["content"] for message in request.messages] == [message.content for message in HELLO]


@pytest.mark.parametrize("kind", [408, 409, 429, 500, 502, 503, "cut", "malformed"])
def test_what_may_pass_is_asked_again(kind: Any) -> None:
    with Server("hello", [Fault(kind, on={1, 2})]) as server:
        assert ask(server).answer == "hello"
    assert server.counts["requests"] == 3
    assert server.counts["answers"] == 1


def test_a_server_that_hangs_is_given_up_and_asked_again() -> None:
    with Server("hello", [Fault("hang", on={1})]) as server:
        assert ask(server, patience=HURRIED).answer == "hello"
    assert server.counts["requests"] == 2


@pytest.mark.parametrize("kind", [429, 500, "cut", "malformed", "hang"])
def test_a_call_that_stays_broken_is_recorded_with_its_error(kind: Any) -> None:
    journal = MemoryJournal()
    with Server("hello", [Fault(kind)]) as server:
        call = ask(server, patience=HURRIED, journal=journal)
    assert call.answer == ""
    assert "tried 3 times" in call.error
    assert (call.usd, call.input_tokens) == (0.0, 0)
    assert server.counts["requests"] == 3
    assert journal.calls == [call]


def test_a_server_that_is_not_there_is_an_error_of_the_call() -> None:
    with Server() as server:
        pass
    assert "connection broken" in ask(server, patience=HURRIED).error


def test_retry_after_is_honoured() -> None:
    asked: list[float] = []

    def answer(request: Request) -> str | Fault:
        asked.append(time.monotonic())
        return Fault(429, retry_after=0.3) if request.number <= 2 else "hello"

    with Server(answer) as server:
        assert ask(server, patience=Patience(first_wait=0.0, longest_wait=0.0)).answer == "hello"
    assert [later - earlier >= 0.3 for earlier, later in itertools.pairwise(asked)] == [True, True]


def test_a_wait_beyond_the_limit_of_a_call_is_not_waited_for() -> None:
    with Server("hello", [Fault(429, retry_after=3600)]) as server:
        assert "429" in ask(server).error
    assert server.counts["requests"] == 1


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (Fault("empty"), "no text"),
        (Answer(" \n", finish_reason="length", output_tokens=500), "finish_reason length"),
        (Fault("refusal"), "refused: I cannot help"),
    ],
)
def test_an_answer_without_text_is_paid_for_once_and_is_an_error(script: Any, error: str) -> None:
    spending = Spending()
    with Server([script]) as server:
        call = ask(server, spending=spending)
    assert error in call.error
    assert call.answer == ""
    assert server.counts["requests"] == 1
    assert spending.input_tokens == call.input_tokens > 0


def test_tokens_are_guessed_where_the_server_does_not_count() -> None:
    with Server([Answer("hello " * 100, usage=False)]) as server:
        call = ask(server, prices=Prices({"stub": Price(1.0, 1.0)}))
    assert 100 <= call.output_tokens <= 600
    assert call.input_tokens > 0
    assert call.usd > 0


def test_text_that_utf_8_cannot_hold_is_asked_and_recorded_alike() -> None:
    journal = MemoryJournal()

    async def use(models: Models) -> Call:
        return await models.ask(1, models.labels[0], [Message("user", "odd \ud800 text")])

    with Server("odd \udfff answer") as server:
        assert with_models(server, use, journal=journal).answer == "odd ? answer"
    assert server.requests[0].prompt == "odd ? text"


def test_nothing_is_paid_for_twice() -> None:
    journal = MemoryJournal()

    async def use(models: Models) -> list[Call]:
        return [await models.ask(ticket, models.labels[0], HELLO) for ticket in (1, 2, 1)]

    with Server([f"answer {number}" for number in range(9)]) as server:
        first = with_models(server, use, journal=journal)
        spending = Spending()
        again = with_models(server, use, journal=journal, spending=spending)
    assert again == first
    assert first[0] == first[2] != first[1]
    assert server.counts["answers"] == 2
    assert (spending.calls, spending.usd, spending.tokens) == (0, 0.0, 0)


def test_a_recorded_answer_needs_neither_server_nor_key_nor_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = MemoryJournal()
    with Server("hello") as server:
        first = ask(server, journal=journal, specs=[spec(server, "gpt-5")])
    monkeypatch.setitem(sys.modules, "openai", None)
    elsewhere = ask(server, journal=journal, specs=["gpt-5@https://moved.example/v1"])
    assert elsewhere == first


def test_the_sdk_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with Server() as server:
        assert "pip install 'adrs[models]'" in str(refusal_of(server))


def flood(spending: Spending, calls: int, **options: Any) -> tuple[Server, list[Any]]:
    """So many calls at once, with random costs below what is committed."""
    costs = [Answer("x", input_tokens=50, output_tokens=10 + 37 * number % 90, delay=0.3) for number in range(calls)]

    async def use(models: Models) -> list[Any]:
        asked = (models.ask(ticket, models.labels[0], HELLO) for ticket in range(calls))
        return await asyncio.gather(*asked, return_exceptions=True)

    with Server(costs) as server:
        outcomes = with_models(server, use, spending=spending, max_output_tokens=100, **options)
    return server, outcomes


def test_a_dollar_budget_is_never_exceeded_with_20_calls_in_flight() -> None:
    spending = Spending(max_usd=1.0)
    server, outcomes = flood(spending, 60, prices=Prices({"stub": Price(0.0, 400.0)}))  # 0.04 a call at most
    assert 0.9 < spending.usd <= 1.0
    assert server.most_in_flight >= 20
    assert all(isinstance(each, Call | BudgetExhausted) for each in outcomes)
    assert sum(isinstance(each, Call) for each in outcomes) == server.counts["answers"] == spending.calls < 60


def test_a_token_budget_is_never_exceeded() -> None:
    spending = Spending(max_tokens=3000)
    server, outcomes = flood(spending, 60)
    assert 2500 < spending.tokens <= 3000
    assert server.counts["answers"] == spending.calls < 60
    assert {each.budget for each in outcomes if isinstance(each, BudgetExhausted)} == {"max-tokens"}


def test_an_unknown_price_and_a_dollar_budget_do_not_go_together() -> None:
    with pytest.raises(UserError, match="--price m=0"):
        Models(["m@http://localhost:1/v1"], MemoryJournal(), Spending(max_usd=1.0))
    with pytest.raises(UserError, match="--price m=IN/OUT"):
        Models(["m@https://example.com/v1"], MemoryJournal(), Spending(max_usd=1.0))
    Models(["m@http://localhost:1/v1"], MemoryJournal(), Spending(max_usd=1.0), prices=Prices({"m": Price(0, 0)}))
    Models(["gpt-5"], MemoryJournal(), Spending(max_usd=1.0))


def check(server: Server, **options: Any) -> None:
    async def use(models: Models) -> None:
        await models.check()

    with_models(server, use, **options)


def test_check_accepts_a_model_that_is_listed_without_asking_it() -> None:
    with Server(models=["stub", "other"], key="right") as server:
        check(server, environment={"OPENAI_API_KEY": "right"})
    assert server.counts["requests"] == 0


def test_check_asks_a_model_that_is_not_listed() -> None:
    def answer(request: Request) -> str:
        return "ready"

    class Unlisted(Server):
        def _list(self, writer: Any, name: str) -> None:
            self._fail(writer, Fault(404))

    journal = MemoryJournal()
    with Unlisted(answer) as server:
        check(server, journal=journal)
        check(server, journal=journal)
    assert server.counts["requests"] == 2  # what was recorded proves nothing about now
    assert [call.ticket for call in journal.calls] == [0, 0]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (
            {"models": ["stub-2", "other"]},
            'no model stub (404): The model `stub` does not exist; did you mean "stub-2"?',
        ),
        ({"models": ["b", "a"]}, "; known: a, b"),
        ({"models": [f"model-{number}" for number in range(1000)]}, "; known: model-0, model-1, model-10, "),
        ({"key": "right"}, "(401)"),
        ({"answers": [Fault(403)], "models": []}, "404"),
    ],
)
def test_check_explains_what_is_wrong(options: dict[str, Any], part: str) -> None:
    with Server(**options) as server, pytest.raises(UserError) as caught:
        check(server)
    assert part in str(caught.value)
    assert len(str(caught.value)) < 500


def test_check_explains_a_server_out_of_reach() -> None:
    with Server() as server:
        pass
    with pytest.raises(UserError, match=f"stub@{server.url} cannot be reached"):
        check(server)


def test_check_explains_a_forgotten_path() -> None:
    with Server() as server, pytest.raises(UserError, match=r"/v1$"):
        check(server, specs=[f"stub@{server.url.removesuffix('/v1')}"])


def test_check_wants_a_budget_that_covers_a_call() -> None:
    with Server() as server:
        dear = Prices({"stub": Price(1.0, 1000.0)})
        with pytest.raises(UserError, match="max-output-tokens"):
            check(server, spending=Spending(max_usd=1.0), prices=dear)
        check(server, spending=Spending(max_usd=1.0), prices=dear, max_output_tokens=500)
        with pytest.raises(UserError, match="a prompt has 1500 tokens or more"):
            check(server, spending=Spending(max_usd=1.0), prices=dear, max_output_tokens=999)
        with pytest.raises(UserError, match="max-output-tokens"):
            check(server, spending=Spending(max_tokens=1000))


def test_check_wants_a_key() -> None:
    models = Models(["gpt-5"], MemoryJournal(), Spending(), environment={})
    with pytest.raises(UserError, match="OPENAI_API_KEY"):
        asyncio.run(models.check())


def everything_about(error: BaseException) -> str:
    """The error, with all that its traceback and its causes show."""
    text, seen = "", []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        text += "".join(traceback.TracebackException.from_exception(current, capture_locals=False).format())
        text += repr(vars(current)) + repr(current.args)
        current = current.__cause__ or current.__context__
    return text


@pytest.mark.parametrize("kind", [400, 401, 403, 404])
def test_a_key_that_the_server_repeats_is_not_in_the_error(kind: int) -> None:
    with Server("hello", [Fault(kind, message=f"bad key {KEY}, really {KEY}")]) as server:
        error = refusal_of(server, environment={"OPENAI_API_KEY": KEY})
    assert server.requests[0].key == KEY
    assert KEY not in everything_about(error)
    assert error.__context__ is None


@pytest.mark.parametrize(
    "script",
    [Fault(500, message=f"bad key {KEY}"), Answer(f"your key is {KEY}"), Answer("", refusal=f"not with {KEY}")],
)
def test_a_key_that_the_server_repeats_is_not_in_the_record(script: Any) -> None:
    journal = MemoryJournal()
    with Server([script]) as server:
        call = ask(server, environment={"OPENAI_API_KEY": KEY}, journal=journal, patience=HURRIED)
    assert "[key]" in call.answer + call.error
    assert KEY not in repr(journal.calls)


def test_another_host_hears_nothing_that_the_environment_has_for_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer custom-secret\nX-Proxy: proxy-secret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Server("hello") as server:
        assert ask(server, environment={"ADRS_API_KEY_127_0_0_1": KEY}).answer == "hello"
    assert server.requests[0].key == KEY
    assert "secret" not in repr(server.requests[0].headers)


def test_the_default_endpoint_can_be_a_local_server() -> None:
    with Server("hello") as server:
        environment = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}
        assert ask(server, specs=["gpt-5"], environment=environment).answer == "hello"
    assert server.requests[0].key == KEY


def test_several_models_are_asked_by_label() -> None:
    async def use(models: Models) -> list[str]:
        return [(await models.ask(1, label, HELLO)).answer for label in models.labels]

    with Server("one") as first, Server("two") as second:
        assert with_models(first, use, specs=[spec(first, "a"), spec(second, "b")]) == ["one", "two"]

    async def wrong(models: Models) -> Call:
        return await models.ask(1, "c", HELLO)

    with Server() as server, pytest.raises(UserError, match='"c" is not configured'):
        with_models(server, wrong)


def test_the_ensemble_learns_from_what_it_is_told() -> None:
    prices = Prices({"cheap": Price(1, 1), "dear": Price(50, 50)})
    specs = ["cheap@http://localhost:1/v1", "dear@http://localhost:1/v1"]
    models = Models(specs, MemoryJournal(), Spending(), prices=prices)
    models.tell("gone@http://localhost:1/v1", 1.0, 0.1)
    for _ in range(30):
        for label, usd in zip(specs, (0.01, 0.5), strict=True):
            models.tell(label, 1.0, usd)
    chosen = [models.choose(seed) for seed in range(200)]
    assert chosen.count(specs[0]) > 150
    assert chosen == [models.choose(seed) for seed in range(200)]
    assert "$" in models.expected_cost(100, 48_000)


def test_a_cancelled_call_leaves_nothing_committed() -> None:
    spending = Spending(max_tokens=100_000)

    async def use(models: Models) -> None:
        asking = asyncio.create_task(models.ask(1, models.labels[0], HELLO))
        while not server.counts["requests"]:
            await asyncio.sleep(0.01)
        assert spending.committed_tokens > 0
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    with Server("hello", [Fault("hang")]) as server:
        with_models(server, use, spending=spending)
    assert spending.committed_tokens == 0
