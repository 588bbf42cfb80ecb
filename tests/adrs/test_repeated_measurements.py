"""What counts where a program was measured several times, since measured times enter the metric."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from adrs import problem, scaffold
from adrs.calibrate import Calibration
from adrs.choose import Choice, Chooser
from adrs.problem import Problem
from adrs.program import Draft, Evaluation, Job, Split
from adrs.store import Reader, Writer
from adrs.testing.executor import InProcessExecutor


class Scripted(InProcessExecutor):
    """Its programs measure, one time after the other, what is written for them; 0 on other splits than validation."""

    def __init__(self, measured: Mapping[int, Sequence[float]]) -> None:
        self._left = {f"program {number}": list(values) for number, values in measured.items()}

    async def evaluate(self, job: Job) -> Evaluation:
        return _found(job.split, self._left[job.source].pop(0) if job.split == "validation" else 0.0)


def _found(split: Split, value: float) -> Evaluation:
    return Evaluation(split, "full", "ok", metrics={"makespan": -value}, fitness=value)


@pytest.fixture
def noisy(tmp_path: Path) -> Problem:
    scaffold.make(tmp_path / "demo")
    loaded = problem.load(str(tmp_path / "demo"))
    return replace(loaded, objective=replace(loaded.objective, noisy=True, margin=1.0))


@contextlib.contextmanager
def log(folder: Path, loaded: Problem, programs: int) -> Iterator[tuple[Writer, Reader]]:
    """Of a run whose programs are the better on train the earlier they come, but for the seed program."""
    with contextlib.closing(Writer.create(folder, loaded, 0, {"seed": 0})) as writer:
        for number in range(1, programs + 1):
            writer.proposed(number, number, 0, f"digest {number}", Draft(f"program {number}", "p", "o", ()))
            writer.evaluated(number, number, _found("train", 0.0 if number == 1 else 100.0 - number))
        with Reader(folder) as reader:
            yield writer, reader


def choose(loaded: Problem, opened: tuple[Writer, Reader], measured: Mapping[int, Sequence[float]]) -> Choice:
    """The choice where programs measure this on validation, and nothing that the log does not know already."""
    writer, reader = opened
    scripted = Scripted(measured)
    chooser = Chooser(loaded, reader, writer, scripted, Calibration(loaded), lambda text: None)
    return asyncio.run(chooser.choose(None))


SEED = {1: (0.0, 0.0, 0.0)}


def test_of_several_measurements_the_median_counts_also_when_a_run_is_gone_on_with(
    noisy: Problem, tmp_path: Path
) -> None:
    with log(tmp_path / "run", noisy, 3) as opened:
        first = choose(noisy, opened, {**SEED, 2: (10.0, 30.0, 20.0), 3: (90.0, 15.0, 10.0)})
        again = choose(noisy, opened, {})
    for choice in (first, again):
        assert choice.winner == 2
        assert [choice.of(number, "validation").fitness for number in (2, 3)] == [20.0, 15.0]


def test_measurements_that_were_cut_off_are_completed(noisy: Problem, tmp_path: Path) -> None:
    with log(tmp_path / "run", noisy, 2) as opened:
        for value in (10.0, 30.0):
            opened[0].evaluated(None, 2, _found("validation", value))
        choice = choose(noisy, opened, {**SEED, 2: (20.0,)})
    assert choice.of(2, "validation").fitness == 20.0


def test_those_that_stay_in_the_choice_are_other_programs_by_their_median(noisy: Problem, tmp_path: Path) -> None:
    """Those numbered 8 to 12, though 7 was once luckier than all of them."""
    with log(tmp_path / "run", noisy, 12) as opened:
        for number in range(7, 13):
            for value in (0.5, 99.0, 0.5) if number == 7 else (number, number, number):
                opened[0].evaluated(None, number, _found("validation", value))
        choice = choose(noisy, opened, dict.fromkeys(range(1, 7), (0.0, 0.0, 0.0)))
    assert {number for number, split in choice.evaluations if split == "validation"} == {*range(1, 7), *range(8, 13)}


def test_less_than_the_margin_counts_where_measurements_do_not_overlap(noisy: Problem, tmp_path: Path) -> None:
    apart = {2: (10.0, 10.1, 10.2), 3: (10.3, 10.4, 10.5)}
    overlapping = {2: (10.0, 10.1, 10.4), 3: (10.3, 10.4, 10.5)}
    for number, (measured, winner) in enumerate([(apart, 3), (overlapping, 2)]):
        with log(tmp_path / f"run{number}", noisy, 3) as opened:
            assert choose(noisy, opened, SEED | measured).winner == winner
            assert choose(noisy, opened, {}).winner == winner
