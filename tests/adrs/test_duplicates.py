"""A program that was evaluated is not evaluated again."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from adrs import session
from adrs.program import Brief, Draft, Evaluation, Job, Parent
from adrs.settings import Settings
from adrs.store import Reader
from adrs.testing.executor import InProcessExecutor
from tests.adrs.test_run import Scripted, Silent, in_process  # noqa: F401 - the fixture keeps runs here

_SAME = "def solve(instance):\n    return [0] * len(instance['length'])\n"
_OTHER = "def solve(instance):\n    return [{ticket}, *[0] * (len(instance['length']) - 1)]\n"


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> "Counter[str]":
    """How often each source was evaluated on `train`; every second draft is the same, and fails once by no fault."""
    evaluate, count = InProcessExecutor.evaluate, Counter[str]()

    async def propose(self: Scripted, brief: Brief) -> Draft:
        source = _SAME if brief.ticket % 2 == 0 else _OTHER.format(ticket=brief.ticket % 3)
        return Draft(source, "embedded", "draw", (Parent(brief.parent.id, "parent"),), detail={"seed": brief.seed})

    async def counted(self: InProcessExecutor, job: Job) -> Evaluation:
        count[job.source] += job.split == "train"
        if job.source == _SAME and count[_SAME] == 1:
            return Evaluation("train", "start", "infrastructure", "the machine failed")
        return await evaluate(self, job)

    monkeypatch.setattr(Scripted, "propose", propose)
    monkeypatch.setattr(InProcessExecutor, "evaluate", counted)
    return count


@pytest.mark.parametrize("order", ["ticket", "arrival"])
def test_copies_of_what_the_machine_failed_on_are_evaluated_until_one_has_an_answer(
    demo: Path, tmp_path: Path, evaluated: "Counter[str]", order: Any
) -> None:
    settings = Settings(str(demo), workers=4, order=order, max_evaluations=100)
    with pytest.raises(KeyboardInterrupt):
        session.start(settings, tmp_path / "runs", "one", Silent(die_at=14))
    with Reader(tmp_path / "runs" / "one") as reader:
        same = [program for program in reader.programs() if program.source == _SAME and program.evaluation]
    first, second, *others = same
    assert (first.verdict, second.verdict) == ("infrastructure", "ok")
    assert len(others) > 2
    assert {program.duplicate_of for program in others} == {second.id}
    assert evaluated[_SAME] == 2
