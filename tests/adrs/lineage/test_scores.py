"""Scores of a program: the same ones wherever they are asked for."""

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
