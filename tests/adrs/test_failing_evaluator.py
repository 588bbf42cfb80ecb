"""Evaluators that begin to fail or hang in the middle of a run. Without isolation, for speed."""

import asyncio
import itertools
import os
import signal
from pathlib import Path

import pytest
import typer

from adrs import development, session, timetable
from adrs.cli.runs import _finish
from adrs.errors import UserError
from adrs.program import Evaluation, Job
from adrs.settings import Settings
from adrs.testing.executor import InProcessExecutor
from tests.adrs.test_run import Silent, in_process, lineage, run  # noqa: F401 - the fixture keeps runs in this process


def test_an_evaluator_that_fails_stops_the_run_and_costs_little_once_it_is_mended(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate, broken = InProcessExecutor.evaluate, [False]

    async def failing(self: InProcessExecutor, job: Job) -> Evaluation:
        evaluation = await evaluate(self, job)
        broken[0] |= evaluation.verdict == "ok" and not job.thorough
        if broken[0] and evaluation.verdict == "ok":
            return Evaluation(job.split, "start", "infrastructure", "no more [file]")
        return evaluation

    monkeypatch.setattr(InProcessExecutor, "evaluate", failing)
    outcome = run(demo, tmp_path / "runs", "one", max_evaluations=1000)
    assert (
        outcome.stopped_by
        == "breaker: 20 evaluations in a row failed by no fault of the program; the last: no more [file]"
    )
    assert outcome.evaluations < 200
    with pytest.raises(typer.Exit) as ended:
        _finish(outcome, as_json=False)
    assert ended.value.exit_code == 3
    stopped = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("stopped"))
    assert stopped == f"stopped  {outcome.stopped_by}; once that is mended, `adrs resume {outcome.path}` goes on"
    still = session.resume(outcome.path, Silent(), {})
    assert still.stopped_by.startswith("breaker: 20 evaluations in a row failed")
    broken[0] = False
    monkeypatch.setattr(InProcessExecutor, "evaluate", evaluate)
    mended = session.resume(outcome.path, Silent(), {"max_evaluations": still.evaluations + 20})
    assert mended.stopped_by == "evaluations"
    assert mended.plain()["winner"]["score"]["validation"] > 0


def sometimes(monkeypatch: pytest.MonkeyPatch, programs: set[int]) -> None:
    """Have evaluations fail by no fault of the program, by their number in what is measured for the search."""
    evaluate, count = InProcessExecutor.evaluate, itertools.count(1)

    async def failing(self: InProcessExecutor, job: Job) -> Evaluation:
        if job.split == "train" and not job.thorough and next(count) in programs:
            return Evaluation(job.split, "start", "infrastructure", "the worker died")
        return await evaluate(self, job)

    monkeypatch.setattr(InProcessExecutor, "evaluate", failing)


def test_a_replay_takes_what_the_evaluator_failed_at_as_it_was(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as failing:
        sometimes(failing, {1, 2, 4, 7, 9})
        outcome = run(demo, tmp_path / "runs", "one", search="top-k")
    assert outcome.verdicts["infrastructure"] == 5
    again = session.replay(outcome.path, tmp_path / "runs", "again", Silent(), {})
    assert again.plain()["identical"] is True
    assert again.verdicts == outcome.verdicts


def test_a_replay_that_cannot_follow_names_the_program_that_was_measured_otherwise(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = run(demo, tmp_path / "runs", "one", search="top-k")
    sometimes(monkeypatch, set(range(1, 30)))
    with pytest.raises(UserError, match=r"^program \d+: verdict was \w+, is infrastructure; from there on the log"):
        session.replay(outcome.path, tmp_path / "runs", "again", Silent(), {})


class Interrupting(Silent):
    """Presses Ctrl-C as soon as an evaluator is said to hang."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)
        if "hangs" in text:
            os.kill(os.getpid(), signal.SIGINT)


def test_an_evaluator_that_hangs_is_said_to_and_one_interrupt_ends_the_run(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(development, "_OVERDUE_SECONDS", 0.2)
    monkeypatch.setattr(timetable, "_GRACE_SECONDS", 0.5)
    evaluate, left = InProcessExecutor.evaluate, [20]

    async def hanging(self: InProcessExecutor, job: Job) -> Evaluation:
        left[0] -= 1
        if left[0] < 0:
            await asyncio.Event().wait()
        return await evaluate(self, job)

    monkeypatch.setattr(InProcessExecutor, "evaluate", hanging)
    observer = Interrupting()
    outcome = session.start(Settings(str(demo), seed=3, max_evaluations=40), tmp_path / "runs", "one", observer)
    assert outcome.stopped_by == "interrupt"
    assert outcome.evaluations < 40
    said = [text for text in observer.notes if "hangs" in text]
    assert len(said) == 1
    assert said[0].endswith("in evaluation for 0 s; an evaluator that hangs is given up after 4500 s")
    assert "finishing what is in the making: Ctrl-C again ends at once" in observer.notes
    assert any("seems to hang" in text for text in outcome.warnings)
    monkeypatch.setattr(InProcessExecutor, "evaluate", evaluate)
    session.resume(outcome.path, Silent(), {})
    run(demo, tmp_path / "runs", "undisturbed")
    assert lineage(outcome.path) == lineage(tmp_path / "runs" / "undisturbed")
