"""What a server refuses: a request, whoever asks, or any request; over real sockets."""

import pytest

from adrs.errors import UserError
from adrs.llm.models import Models
from adrs.llm.prices import Price, Prices
from adrs.llm.records import MemoryJournal
from adrs.llm.spending import Spending
from adrs.testing.openai_server import Fault, Request, Server
from tests.adrs.llm.tools import HELLO, KEY, ask, refusal_of, with_models


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_no_retry_mends_stops_with_one_sentence(status: int) -> None:
    journal, spending = MemoryJournal(), Spending()
    with Server("hello", [Fault(status, message="the\nreason")]) as server:
        error = refusal_of(server, journal=journal, spending=spending)
    assert f"({status})" in str(error)
    assert server.url in str(error)
    assert server.counts["requests"] == 1
    assert journal.calls == []
    assert spending.calls == 0


def test_an_error_inside_an_answer_is_one_of_the_status_that_it_names() -> None:
    faults = [Fault(502, inside=True, on={1}), Fault(402, message="more credits", inside=True, on={3})]
    with Server("hello", faults) as server:
        assert ask(server).answer == "hello"
        assert "(402): more credits" in str(refusal_of(server))
    assert server.counts["requests"] == 3


def test_an_account_without_quota_stops_at_once() -> None:
    with Server("hello", [Fault(429, code="insufficient_quota", message="check your plan")]) as server:
        assert "check your plan" in str(refusal_of(server))
    assert server.counts["requests"] == 1


def test_a_wrong_key_names_the_variable() -> None:
    with Server("hello", key="right") as server:
        assert "OPENAI_API_KEY" in str(refusal_of(server, environment={"OPENAI_API_KEY": KEY}))
        assert "ADRS_API_KEY_127_0_0_1" in str(refusal_of(server))
        assert ask(server, environment={"OPENAI_API_KEY": "right"}).answer == "hello"
        both = {"OPENAI_API_KEY": KEY, "ADRS_API_KEY_127_0_0_1": "right"}
        assert ask(server, environment=both).answer == "hello"


_OF_ONE_REQUEST: list[tuple[int, str | None, str]] = [
    (400, "context_length_exceeded", "This model's maximum context length is 8192 tokens."),
    (400, None, "request (968 tokens) exceeds the available context size (512 tokens), try increasing it"),
    (400, None, "prompt is too long: 213462 tokens > 200000 maximum"),
    (400, None, "input length and `max_tokens` exceed context limit: 190000 + 16384 > 200000"),
    (400, None, "The input token count (1050000) exceeds the maximum number of tokens allowed (1048576)."),
    (400, None, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
    (400, None, "Invalid request: Your request exceeded model token limit: 8192"),
    (400, "1261", "Prompt exceeds max length"),
    (422, None, "Input validation error: `inputs` must have less than 1024 tokens. Given: 2000"),
    (413, None, "Request Entity Too Large"),
    (400, "content_filter", "The response was filtered due to the prompt triggering the content management policy."),
    (400, "invalid_prompt", "Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
    (400, None, "litellm.ContentPolicyViolationError: AzureException"),
    (400, None, "Output blocked by content filtering policy"),
    (400, None, "Content Exists Risk"),
    (400, None, "The request was rejected because it was considered high risk"),
    (403, None, "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_CYBER"),
    (403, None, 'Your chosen model requires moderation and your input was flagged for "violence"'),
]


def test_a_refusal_that_is_about_one_request_stops_nothing_and_is_not_asked_again() -> None:
    journal, spending = MemoryJournal(), Spending()

    def answer(request: Request) -> str | Fault:
        place, asked_before = divmod(request.number - 1, 2)
        status, code, message = _OF_ONE_REQUEST[place]
        return "hello" if asked_before else Fault(status, message=message, code=code)

    async def use(models: Models) -> None:
        for ticket, (_, _, message) in enumerate(_OF_ONE_REQUEST):
            call = await models.ask(2 * ticket, models.labels[0], HELLO)
            assert "too long" in call.error or "declined" in call.error
            assert message in call.error
            assert (call.answer, call.usd, call.output_tokens) == ("", 0.0, 0)
            assert await models.ask(2 * ticket, models.labels[0], HELLO) == call
            assert (await models.ask(2 * ticket + 1, models.labels[0], HELLO)).answer == "hello"

    with Server(answer) as server:
        with_models(server, use, journal=journal, spending=spending, prices=Prices({"stub": Price(1.0, 1.0)}))
    assert server.counts["requests"] == 2 * len(_OF_ONE_REQUEST)


_OF_ANY_REQUEST = [
    (400, "Unsupported parameter: 'temperature' is not supported with this model."),
    (400, "max_tokens is too large: 16384. This model supports at most 4096 completion tokens."),
    (400, "Invalid 'messages[0].content': expected an array of parts"),
    (400, "Your credit balance is too low to access the API."),
    (403, "Your organization must be verified to use the model"),
    (403, "Your account has been deactivated for a violation of the terms"),
    (401, "the prompt was flagged"),
]


def test_a_refusal_that_is_about_any_request_stops_a_run() -> None:
    async def use(models: Models) -> None:
        for status, _ in _OF_ANY_REQUEST:
            with pytest.raises(UserError, match=rf"\({status}\)"):
                await models.ask(1, models.labels[0], HELLO)

    with Server([Fault(status, message=message) for status, message in _OF_ANY_REQUEST]) as server:
        with_models(server, use)


def test_requests_that_are_always_too_long_stop_a_run() -> None:
    journal = MemoryJournal()

    async def use(models: Models) -> None:
        for ticket in range(1, 100):
            assert "too long" in (await models.ask(ticket, models.labels[0], HELLO)).error

    with (
        Server("hello", [Fault(400, code="context_length_exceeded")]) as server,
        pytest.raises(UserError, match="--max-output-tokens"),
    ):
        with_models(server, use, journal=journal)
    assert 1 < len(journal.calls) < 20
