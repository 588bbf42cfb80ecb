"""What is said of a score that moves on `test`, where nothing was chosen by it."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from adrs.calibrate import Calibration
from adrs.distill.minimise.stage import OPERATOR
from adrs.distill.observer import Nobody
from adrs.distill.on_test import measured_in_time
from adrs.distill.report import headline
from adrs.distill.stop import Stop
from adrs.distill.work import Result, Row, Subject, Wish, Work
from adrs.problem import Problem
from adrs.program import FULL, SPLITS, Evaluation, Job, WorkloadResult
from adrs.testing.executor import InProcessExecutor

Scores = tuple[float, ...]


def chosen(problem: Problem, folder: Path, before: Scores, after: Scores) -> Work:
    """A distillation in which a program's scores on train, validation and test, as far as known, become others."""

    def row(name: str, scores: Scores) -> Row:
        measured = (WorkloadResult("one", "ok", {}),)
        found = {split: Evaluation(split, FULL, "ok", score=score, workloads=measured)
                 for split, score in zip(SPLITS, scores, strict=False)}  # fmt: skip
        return Row(name, name, 10, found)

    work = Work(
        problem, Subject("before", "program.py"), Wish(), InProcessExecutor(problem), Calibration(problem), folder,
        Stop(), Nobody(), original=row("original", before),
    )  # fmt: skip
    work.chosen = Result("after", OPERATOR, "shorter", row("minimal", after))
    work.results.append(work.chosen)
    return work


def notes(problem: Problem, folder: Path, before: Scores, after: Scores) -> tuple[list[str], str]:
    """What is noted of it, and the headline."""
    work = chosen(problem, folder, before, after)
    asyncio.run(measured_in_time(work, time.monotonic() + 60.0))
    return work.not_done, headline(work)


@pytest.mark.parametrize("after", [100.04, 100.2])
def test_a_move_that_is_shown_on_test_alone_is_noted(valve: Problem, tmp_path: Path, after: float) -> None:
    said, shown = notes(valve, tmp_path, (99.0, 98.0, 100.2), (99.0, 98.0, after))
    if after == 100.2:
        assert said == []
        assert "test 100.2 (as before)" in shown
        return
    assert "test 100.0 (before 100.2)" in shown
    (note,) = said
    assert note.startswith("on test the score moves from 100.2 to 100.0, and on train and validation it does not: ")


def test_where_other_splits_move_as_well_half_a_point_is_noted(valve: Problem, tmp_path: Path) -> None:
    assert notes(valve, tmp_path, (99.0, 98.0, 100.2), (99.1, 98.0, 100.0))[0] == []
    (said,) = notes(valve, tmp_path, (99.0, 98.0, 100.2), (99.1, 98.0, 99.0))[0]
    assert said.startswith("on test the score moves from 100.2 to 99.0, on train and validation as the table shows:")


def test_measured_time_moves_by_itself_within_the_margin(valve: Problem, tmp_path: Path) -> None:
    noisy = replace(valve, objective=replace(valve.objective, noisy=True, margin=2.0))
    assert notes(noisy, tmp_path, (99.0, 98.0, 100.2), (99.0, 98.0, 99.0))[0] == []
    (said,) = notes(noisy, tmp_path, (99.0, 98.0, 100.2), (99.0, 98.0, 97.0))[0]
    assert said.endswith("what was left out matters there, or the time that was measured.")


class Slow(InProcessExecutor):
    """What was chosen is refused on test, and the time is over before anything else is measured."""

    async def evaluate(self, job: Job) -> Evaluation:
        if job.source != "after":
            raise TimeoutError
        return Evaluation("test", FULL, "invalid", reason="it is out of range")


def test_what_was_chosen_is_measured_first_and_refused_though_time_was_short(valve: Problem, tmp_path: Path) -> None:
    work = chosen(valve, tmp_path, (99.0, 98.0), (99.0, 98.0))
    work.executor = Slow(valve)
    work.write("minimal.py", "after")
    asyncio.run(measured_in_time(work, time.monotonic() + 60.0))
    assert work.chosen is None
    assert (tmp_path / "minimal.py").read_text().startswith("# UNVERIFIED: ends invalid on test")


def test_what_time_was_too_short_for_is_measured_by_another_verb(valve: Problem, tmp_path: Path) -> None:
    work = chosen(valve, tmp_path, (99.0, 98.0), (99.0, 98.0))
    file = work.write("minimal.py", "slow")
    work.executor = Slow(valve)
    work.chosen = work.results[0] = replace(work.results[0], source="slow")
    asyncio.run(measured_in_time(work, time.monotonic() + 60.0))
    (note,) = work.not_done
    assert note.endswith(f"; `adrs evaluate {valve.folder} {file} --split test` measures what was chosen.")
