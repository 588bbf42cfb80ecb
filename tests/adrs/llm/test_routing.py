"""A router among the models: whose choice stands, when it is given up, what it is offered."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from adrs.llm.models import CallSettings, Models
from adrs.llm.prices import Price, Prices
from adrs.llm.records import MemoryJournal, Message
from adrs.llm.routing import Bandit, Choice, Routing, Undecided, prompt_text
from adrs.llm.spending import Spending

LABELS = ("a", "b", "c")
BANDIT = Bandit("b", {"a": 1.0, "b": 3.0, "c": 2.0})


class Scripted:
    """Answers in turn; None is a failure."""

    def __init__(self, *answers: int | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int, tuple[int, ...]]] = []

    async def decide(self, prompt: str, seed: int, offered: Sequence[int]) -> int:
        self.asked.append((prompt, seed, tuple(offered)))
        answer = self.answers.pop(0)
        if answer is None:
            raise Undecided("a bad day")
        return answer


def routing(*answers: int | None) -> tuple[Routing, Scripted, list[str]]:
    warnings: list[str] = []
    router = Scripted(*answers)
    return Routing(router, LABELS, warnings.append), router, warnings


def choose(made: Routing, seed: int = 0, affordable: Collection[str] = LABELS) -> Choice:
    return asyncio.run(made.choose("prompt", seed, BANDIT, affordable))


def test_the_routers_choice_stands_with_the_scores_that_it_stood_between() -> None:
    made, router, _ = routing(2, 1)
    choice = choose(made, 7)
    assert choice.model == "c"
    assert choice.record == {"by": "router", "bandit": "b", "worths": {"c": 2.0, "b": 3.0}}
    assert router.asked == [("prompt", 7, (0, 1, 2))]
    assert choose(made, 8).record == {"by": "router", "bandit": "b", "worths": {"b": 3.0}}


def test_a_failure_is_of_one_call_and_the_third_in_a_row_of_all() -> None:
    made, router, warnings = routing(None, None, 0, None, None, None)
    choices = [choose(made) for _ in range(7)]
    assert [choice.model for choice in choices] == ["b", "b", "a", "b", "b", "b", "b"]
    assert choices[0].record == {"by": "bandit", "bandit": "b", "worths": {"b": 3.0}, "failure": "a bad day"}
    assert choices[6].record is None
    assert len(router.asked) == 6, "it is not asked any more"
    assert len(warnings) == 1
    assert "a bad day" in warnings[0]


def test_what_an_earlier_session_met_with_counts() -> None:
    made, _, warnings = routing(None)
    for by in ("bandit", "router", "bandit", "budget", "bandit"):
        made.recall({"by": by})
    made.recall(None)
    assert not made.retired
    assert choose(made).model == "b"
    assert made.retired
    assert len(warnings) == 1


class Slow(Scripted):
    """Answers when it is let."""

    def __init__(self, *answers: int | None) -> None:
        super().__init__(*answers)
        self.answering = asyncio.Event()

    async def decide(self, prompt: str, seed: int, offered: Sequence[int]) -> int:
        await self.answering.wait()
        return await super().decide(prompt, seed, offered)


def test_a_slow_router_is_asked_in_order_and_what_is_recalled_meanwhile_counts_in_order() -> None:
    """As if each decision had been made before the next call."""

    async def run() -> None:
        warnings: list[str] = []
        router = Slow(None, None, None, 0)
        made = Routing(router, LABELS, warnings.append)
        first = asyncio.create_task(made.choose("prompt", 0, BANDIT, LABELS))
        await asyncio.sleep(0)
        made.recall({"by": "router"})
        others = [asyncio.create_task(made.choose("prompt", seed, BANDIT, LABELS)) for seed in (1, 2, 3)]
        await asyncio.sleep(0)
        assert not router.asked
        router.answering.set()
        choices = await asyncio.gather(first, *others)
        assert [seed for _, seed, _ in router.asked] == [0, 1, 2, 3]
        assert [choice.model for choice in choices] == ["b", "b", "b", "a"], "no three failures in a row"
        assert not warnings

    asyncio.run(run())


def test_what_was_not_affordable_once_is_not_offered_again() -> None:
    made, router, _ = routing(0, 2, None)
    choose(made)
    assert choose(made, affordable=("a", "c")).model == "c"
    fallen_back = choose(made)
    assert fallen_back.model == "c", "the best that the bandit knows of what is offered"
    assert [offered for _, _, offered in router.asked] == [(0, 1, 2), (0, 2), (0, 2)]
    only = choose(made, affordable=("a",))
    assert only.record is not None
    assert (only.model, only.record["by"]) == ("a", "budget")
    assert len(router.asked) == 3, "there was nothing to decide"


def test_a_model_whose_price_would_break_the_cap_is_not_offered() -> None:
    prices = Prices({"a": Price(1, 2), "b": Price(10, 20), "c": Price(0, 0)})
    spending = Spending(max_usd=0.1)
    models = Models(LABELS, MemoryJournal(), spending, prices=prices, settings=CallSettings(1000), environment={})
    router = Scripted(0, 0, 2)
    models.routing = Routing(router, models.labels, lambda text: None)
    messages = [Message("user", "x" * 1000)]  # at most 0.03 dollars by b, 0.003 by a
    for spent in (0.0, 0.08, 0.0199):
        spending.spend(spent, 0, 0)
        asyncio.run(models.pick(1, 2, lambda: messages))
    assert [offered for _, _, offered in router.asked] == [(0, 1, 2), (0, 2)]
    assert asyncio.run(models.pick(1, 2, lambda: messages)).model == "c", "what is free is always affordable"


def test_without_a_router_or_for_a_control_nobody_renders_a_prompt() -> None:
    def never() -> list[Message]:
        raise AssertionError

    models = Models(LABELS, MemoryJournal(), Spending(), environment={})
    assert asyncio.run(models.pick(5, 0, never)).model == models.choose(5)
    models.routing = Routing(Scripted(), models.labels, lambda text: None)
    assert asyncio.run(models.pick(5, 0, never, evenly=True)).model == models.choose(5, evenly=True)


def test_the_part_of_a_prompt_that_differs_comes_first() -> None:
    messages = [Message("system", "statement"), Message("user", "program"), Message("assistant", "answer")]
    assert prompt_text(messages) == "program\n\nanswer\n\nstatement"


@pytest.mark.parametrize("record", [{"by": "router"}, {"by": "budget"}, None])
def test_recalling_what_went_well_retires_nobody(record: Any) -> None:
    made, _, _ = routing()
    for _ in range(5):
        made.recall(record)
    assert not made.retired
