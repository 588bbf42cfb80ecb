"""What is changed when a run is gone on with holds from then on."""

from pathlib import Path
from typing import Any

import pytest

from adrs import lineage, session
from adrs.outcome import Outcome
from adrs.run_settings import read_settings
from adrs.store import Reader
from adrs.timetable import Timetable
from tests.adrs.test_run import Silent, in_process, run  # noqa: F401 - the fixture keeps runs in this process


def _resume(folder: Path, die_at: int | None = None, **changes: Any) -> Outcome:
    return session.resume(folder, Silent(die_at), changes)


def _cut(folder: Path, die_at: int, **changes: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        _resume(folder, die_at, **changes)


def test_a_larger_budget_holds_after_the_session_that_was_given_it_is_cut_off(demo: Path, tmp_path: Path) -> None:
    folder = run(demo, tmp_path / "runs", "one", max_evaluations=5).path
    _cut(folder, 9, max_evaluations=14, workers=1)
    outcome = _resume(folder)
    assert (outcome.evaluations, outcome.budget.evaluations) == (14, 14)
    assert read_settings(folder)[0].workers == 1
    with Reader(folder) as reader:
        assert reader.info.configuration["max_evaluations"] == 5
        assert lineage.configuration(reader).settings["max_evaluations"] == 14


def test_the_last_change_holds_and_what_was_not_changed_is_as_before(demo: Path, tmp_path: Path) -> None:
    folder = run(demo, tmp_path / "runs", "one", max_evaluations=5, workers=2).path
    _resume(folder, max_evaluations=8, workers=1)
    _resume(folder, max_evaluations=6, workers=None)
    settings = read_settings(folder)[0]
    assert (settings.max_evaluations, settings.workers) == (6, 1)


def test_a_replay_is_made_with_what_was_changed(demo: Path, tmp_path: Path) -> None:
    folder = run(demo, tmp_path / "runs", "one", max_evaluations=5).path
    _resume(folder, max_evaluations=9)
    again = session.replay(folder, tmp_path / "runs", "again", Silent(), {})
    assert again.plain()["identical"] is True
    assert read_settings(again.path)[0].max_evaluations == 9
    assert _resume(again.path, max_evaluations=12).evaluations == 12


def test_time_that_was_given_later_is_spent_by_what_is_worked_from_then_on(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets: list[float | None] = []
    make = Timetable.__init__

    def made(self: Timetable, observer: Any, forecast: Any, began: float, budget: float | None) -> None:
        budgets.append(budget)
        make(self, observer, forecast, began, budget)

    monkeypatch.setattr(Timetable, "__init__", made)
    folder = run(demo, tmp_path / "runs", "one", max_evaluations=4, max_seconds=1000.0).path
    _cut(folder, 8, max_seconds=3000.0, max_evaluations=100)
    with Reader(folder) as reader:
        since, all_sessions = reader.seconds("max_seconds"), reader.seconds()
    _resume(folder, max_evaluations=4)
    assert budgets[1:] == [3000.0, 3000.0 - since]
    assert 0 < since < all_sessions
