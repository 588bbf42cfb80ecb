"""The limit of tokens of an answer: when and how it is sent, and answers that end at it."""

import asyncio

import pytest

from adrs.errors import UserError
from adrs.llm.cut_off import CutOff
from adrs.llm.models import Models
from adrs.llm.records import MemoryJournal
from adrs.llm.reply import Reply
from adrs.llm.spending import Spending
from adrs.testing.openai_server import Answer, Fault, Server
from tests.adrs.llm.tools import HELLO, ask, refusal_of, with_models


def test_the_output_limit_is_sent_where_a_budget_counts_it() -> None:
    with Server("hello") as server:
        ask(server)
        ask(server, spending=Spending(max_tokens=100_000))
        ask(server, max_output_tokens=77)
    assert [request.body.get("max_tokens") for request in server.requests] == [None, 16_384, 77]


def test_the_output_limit_goes_by_the_name_that_the_server_asks_for() -> None:
    other_name = Fault(400, message="Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")

    async def use(models: Models) -> None:
        await asyncio.gather(*(models.ask(ticket, models.labels[0], HELLO) for ticket in range(3)))
        await models.ask(3, models.labels[0], HELLO)

    with Server(lambda request: "hello" if "max_completion_tokens" in request.body else other_name) as server:
        with_models(server, use, max_output_tokens=77)
    assert server.counts["answers"] == 4
    assert 4 < server.counts["requests"] <= 7
    assert (server.requests[-1].body["max_completion_tokens"], "max_tokens" in server.requests[-1].body) == (77, False)
    with Server([other_name]) as server:
        assert "(400)" in str(refusal_of(server, max_output_tokens=77))
    assert server.counts["requests"] == 2


def test_answers_that_are_cut_off_again_and_again_are_said_and_stop_a_run_where_nothing_is_left_of_them() -> None:
    journal, spending, warnings = MemoryJournal(), Spending(), list[str]()
    cut = [Answer("half a program", finish_reason="length", output_tokens=77)] * 12
    whole = [Answer("a program", output_tokens=70)]
    thought = [Answer("", finish_reason="length", output_tokens=77)] * 100

    async def use(models: Models) -> None:
        for ticket in range(1, 100):
            assert bool((await models.ask(ticket, models.labels[0], HELLO)).answer) == (ticket <= 13)

    with Server([*cut, *whole, *thought]) as server, pytest.raises(UserError) as caught:
        with_models(
            server, use, journal=journal, spending=spending, max_output_tokens=77, warn=warnings.append
        )  # fmt: skip
    (warning,) = warnings
    assert "3 answers in a row of stub@" in warning
    for text in (warning, str(caught.value)):
        assert "the last after 77 tokens: raise --max-output-tokens, which is 77" in text
    assert len(journal.calls) == spending.calls == server.counts["answers"] == 13 + 10, "what was paid for is kept"


@pytest.mark.parametrize("limit", [None, 16_384])
def test_a_limit_of_the_server_is_told_from_that_of_the_run(limit: int | None) -> None:
    warnings: list[str] = []
    cut_off = CutOff(warnings.append)
    for _ in range(9):
        cut_off.count("stub", Reply("half", "", 900, 124, 0, cut_off=True), limit)
    assert warnings == [
        "3 answers in a row of stub were cut off, the last after 124 tokens: the server has a limit of its own, so "
        "raise that"
    ]
