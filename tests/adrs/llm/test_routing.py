"""A router among the models: whose choice stands, when it is given up, what it is offered."""

from collections.abc import Sequence
from typing import Any

import pytest

from adrs.llm.models import CallSettings, Models
from adrs.llm.prices import Price, Prices
from adrs.llm.records import MemoryJournal, Message
from adrs.llm.routing import Bandit, Routing, Undecided, prompt_text
from adrs.llm.spending import Spending

LABELS = ("a", "b", "c")
BANDIT = Bandit("b", {"a": 1.0, "b": 3.0, "c": 2.0})


class Scripted:
    """Answers in turn; None is a failure."""

    def __init__(self, *answers: int | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int, tuple[int, ...]]] = []

    def decide(self, prompt: str, seed: int, offered: Sequence[int]) -> int:
        self.asked.append((prompt, seed, tuple(offered)))
        answer = self.answers.pop(0)
        if answer is None:
            raise Undecided("a bad day")
        return answer


def routing(*answers: int | None) -> tuple[Routing, Scripted, list[str]]:
    warnings: list[str] = []
    router = Scripted(*answers)
    return Routing(router, LABELS, warnings.append), router, warnings


def test_the_routers_choice_stands_with_the_scores_that_it_stood_between() -> None:
    made, router, _ = routing(2, 1)
    choice = made.choose("prompt", 7, BANDIT, LABELS)
    assert choice.model == "c"
    assert choice.record == {"by": "router", "bandit": "b", "worths": {"c": 2.0, "b": 3.0}}
    assert router.asked == [("prompt", 7, (0, 1, 2))]
    assert made.choose("prompt", 8, BANDIT, LABELS).record == {"by": "router", "bandit": "b", "worths": {"b": 3.0}}


def test_a_failure_is_of_one_call_and_the_third_in_a_row_of_all() -> None:
    made, router, warnings = routing(None, None, 0, None, None, None)
    choices = [made.choose("prompt", 0, BANDIT, LABELS) for _ in range(7)]
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
    assert made.choose("prompt", 0, BANDIT, LABELS).model == "b"
    assert made.retired
    assert len(warnings) == 1


def test_what_was_not_affordable_once_is_not_offered_again() -> None:
    made, router, _ = routing(0, 2, None)
    made.choose("prompt", 0, BANDIT, LABELS)
    assert made.choose("prompt", 0, BANDIT, ("a", "c")).model == "c"
    fallen_back = made.choose("prompt", 0, BANDIT, LABELS)
    assert fallen_back.model == "c", "the best that the bandit knows of what is offered"
    assert [offered for _, _, offered in router.asked] == [(0, 1, 2), (0, 2), (0, 2)]
    only = made.choose("prompt", 0, BANDIT, ("a",))
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
        models.pick(1, 2, lambda: messages)
    assert [offered for _, _, offered in router.asked] == [(0, 1, 2), (0, 2)]
    assert models.pick(1, 2, lambda: messages).model == "c", "what is free is always affordable"


def test_without_a_router_or_for_a_control_nobody_renders_a_prompt() -> None:
    def never() -> list[Message]:
        raise AssertionError

    models = Models(LABELS, MemoryJournal(), Spending(), environment={})
    assert models.pick(5, 0, never).model == models.choose(5)
    models.routing = Routing(Scripted(), models.labels, lambda text: None)
    assert models.pick(5, 0, never, evenly=True).model == models.choose(5, evenly=True)


def test_the_part_of_a_prompt_that_differs_comes_first() -> None:
    messages = [Message("system", "statement"), Message("user", "program"), Message("assistant", "answer")]
    assert prompt_text(messages) == "program\n\nanswer\n\nstatement"


@pytest.mark.parametrize("record", [{"by": "router"}, {"by": "budget"}, None])
def test_recalling_what_went_well_retires_nobody(record: Any) -> None:
    made, _, _ = routing()
    for _ in range(5):
        made.recall(record)
    assert not made.retired
