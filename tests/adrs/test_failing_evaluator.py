"""Evaluators that begin to fail or hang in the middle of a run. Without isolation, for speed."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from adrs import development, session, timetable
from adrs.program import Evaluation, Job
from adrs.settings import Settings
from adrs.testing.executor import InProcessExecutor
from tests.adrs.test_run import Silent, in_process, lineage, run  # noqa: F401 - the fixture keeps runs in this process


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
