"""Scores of a program: the same ones wherever they are asked for."""

import math
from pathlib import Path

import pytest

from adrs import lineage
from adrs.program import Evaluation
from adrs.store import Reader
from tests.adrs.lineage_tools import Log


def test_of_several_measurements_the_one_counts_that_counts_for_the_winner(tmp_path: Path) -> None:
    log = Log(tmp_path)
    number = log.program(score=0)
    for name, makespan in (("round-robin", 2.0), ("longest-first", 1.0)):
        log.baseline(name, "validation", makespan=makespan)
        log.baseline(name, "test", makespan=makespan)
    failed = Evaluation("validation", "full", "timeout")
    for split, score in (
        ("validation", 60.0),
        ("validation", 90.0),
        ("validation", 30.0),
        ("test", 10.0),
        ("test", 20.0),
    ):
        log.writer.evaluated(
            None, number, Evaluation(split, "full", "ok", "", {"makespan": 2 - score / 100}, None, score)
        )
    log.writer.evaluated(None, number, failed)
    log.chosen(number)
    with Reader(log.close()) as reader:
        found = lineage.overview(reader).winner.score
        winner = lineage.standing(reader).of("winner")
    assert (found["validation"], found["test"], found["fresh"]) == (60.0, 10.0, None)
    assert winner is not None
    assert {split: each.score for split, each in winner.measured.items() if each.score is not None} == {
        split: pytest.approx(score) for split, score in found.items() if score is not None and split != "train"
    }


def test_a_run_whose_programs_differ_by_a_rounding_alone_has_a_curve_without_a_scale(tmp_path: Path) -> None:
    log = Log(tmp_path)
    first = log.program(score=50)
    with Reader(log.folder) as reader:
        evaluation = reader.evaluation(first)
    assert evaluation is not None
    assert evaluation.fitness is not None
    second = log.program(first, verdict="error")
    other = Evaluation("train", "full", "ok", "", evaluation.metrics, math.nextafter(evaluation.fitness, 0), 50)
    log.writer.evaluated(2, second, other)
    with Reader(log.close()) as reader:
        found = lineage.curve(reader)
    assert found.scaling is None
    assert len(found.points) == 2
