"""The way back from validation: which of the accepted programs are asked, and what is kept when the time is over."""

import asyncio
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adrs import plugins
from adrs.distill import session as distill
from adrs.distill.minimise import fixpoint, validation
from adrs.distill.minimise.fixpoint import Step
from adrs.distill.minimise.oracle import Oracle, Verdict
from adrs.distill.minimise.size import Size
from adrs.distill.minimise.validation import Validation
from adrs.distill.observer import Nobody
from adrs.distill.work import Wish
from adrs.testing.executor import InProcessExecutor

CHAIN = [Step(str(place), Size(200 - place, 0), "") for place in range(8)]
"""The original and seven programs that hold on train."""


class Few:
    """Accepts some, and the time is over after so many were asked."""

    def __init__(self, hold: range, most: int) -> None:
        self.hold, self.most = hold, most
        self.reference = SimpleNamespace(whole="the original")

    def digest(self, source: str) -> str:
        return source

    async def confirm(self, source: str, current: str) -> Verdict:
        if not self.most:
            raise TimeoutError
        self.most -= 1
        return Verdict(int(source) in self.hold, "full", "it does not hold")


def went_back(monkeypatch: pytest.MonkeyPatch, hold: range, most: int = 100) -> Validation:
    async def validating(*_: Any) -> Any:
        return Few(hold, most)

    monkeypatch.setattr(validation, "validating", validating)
    work: Any = SimpleNamespace(subject=SimpleNamespace(evaluations={}), evaluations=0)
    ground: Any = SimpleNamespace()
    train: Any = SimpleNamespace(tolerance=None)
    back = Validation(work, ground, train)
    try:
        asyncio.run(back.go_back(CHAIN))
    except TimeoutError:
        assert back.cut_off
    else:
        assert not back.cut_off
    return back


@pytest.mark.parametrize("last", range(8))
def test_the_smallest_that_holds_is_found(monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    back = went_back(monkeypatch, range(last + 1))
    assert back.held == CHAIN[last]
    assert len(back.reasons) == sum(not holds for holds in back.asked.values())


def test_something_is_kept_however_early_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is likeliest to hold, and is asked as soon as the last does not."""
    back = went_back(monkeypatch, range(2), most=2)
    assert back.held == CHAIN[1]
    assert back.asked == {7: False, 1: True}


def test_a_smaller_one_may_hold_where_the_first_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert went_back(monkeypatch, range(4, 6)).held == CHAIN[5]


def test_what_was_measured_and_refused_is_never_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    back = went_back(monkeypatch, range(1), most=1)
    assert back.held == CHAIN[0]
    assert back.asked == {7: False}


def test_a_way_back_that_was_cut_off_is_no_verdict(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds on train does not on validation, and the time is over before a second program was asked."""
    load, confirm, asked = plugins.load, Oracle.confirm, list[str]()

    async def once(oracle: Oracle, source: str, current: str = "") -> Verdict:
        if oracle.reference.split != "validation":
            return await confirm(oracle, source, current)
        if asked:
            raise TimeoutError
        asked.append(source)
        return Verdict(False, "full", "it is slower there")

    local = {"executor": InProcessExecutor}
    monkeypatch.setattr(plugins, "load", lambda seam, name: local.get(seam) or load(seam, name))
    monkeypatch.setattr(Oracle, "confirm", once)
    monkeypatch.setattr(fixpoint, "_UNCONFIRMED", 1)
    file = tmp_path / "program.py"
    file.write_text("def solve(instance):\n    n = len(instance['length'])\n    return [0] * (n + 0) or [n]\n")
    outcome = distill.of_file(str(demo), file, Wish(only="minimise"), None, tmp_path / "out", Nobody())
    assert outcome.exit_code == 3
    (check,) = (check for check in outcome.work.checks if check.name == "validation")
    assert check.skipped
    said = r"the time was over after 1 of \d+ smaller programs, of which none held here; the first: \d+ nodes: it is"
    assert re.match(f"the original is kept, since {said} slower there; give more with --budget", check.detail)
    (note,) = (each for each in outcome.work.not_done if each.startswith("the way back from validation did not come"))
    assert re.search(r"after 1 of \d+ smaller programs; give more with --budget\.$", note)
