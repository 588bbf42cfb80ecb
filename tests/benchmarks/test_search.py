"""The benchmark of search strategies: its table says what its results say, and a second call makes what is missing."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from adrs.lineage.curves import Curve, Point, Scaling

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import search
import search_report
from search import Result, Trial


def result(problem: str, strategy: str, seed: int, values: dict[int, float], evaluations: int = 100) -> Result:
    points = tuple(Point(at, float(at), 0.0, value) for at, value in values.items())
    curve = Curve(points, evaluations, 9.0, 0.0, Scaling(0.0, 100.0))
    made_by = {"commit": "abc"}
    score: dict[str, float | None] = {"train": points[-1].value}
    trial = Trial(problem, strategy, seed)
    return Result(trial, evaluations, curve, score, {"ok": evaluations}, 3.0, "evaluations", made_by)


RESULTS = [
    *(result("p", "adaptive", seed, {1: 0.0, 10 + seed: 100.0, 60: 150.0 + seed}) for seed in range(3)),
    *(result("p", "random", seed, {1: -5.0, 50: 20.0 * seed}) for seed in range(3)),
]


def test_medians_quartiles_and_what_was_reached() -> None:
    adaptive, control = search_report.summarise(search_report.scored(RESULTS), 100)
    assert (adaptive.search, control.search) == ("adaptive", "random")
    assert (adaptive.best.low, adaptive.best.median, adaptive.best.high) == (150.5, 151, 151.5)
    assert adaptive.to_state_of_the_art.median == 11
    assert adaptive.to_best_known.high == float("inf")
    assert control.best.median == 20
    assert control.to_state_of_the_art.median == float("inf")
    text = search_report.markdown([adaptive, control])
    assert "**151.000** [150.500, 151.500]" in text
    assert "never" in text


def test_a_table_at_fewer_evaluations_than_were_made() -> None:
    adaptive, _ = search_report.summarise(RESULTS, 30)
    assert adaptive.best.median == 100
    assert adaptive.best_known == 100


def test_results_survive_their_file(tmp_path: Path) -> None:
    RESULTS[0].write(tmp_path / "one.json")
    assert Result.read(tmp_path / "one.json") == RESULTS[0]


def test_a_second_call_makes_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(trial: Trial, folder: Path, evaluations: int, *how: Any) -> Result:
        assert how == (1, None, 0.5), "workers, sandbox and the limit of a call"
        made.append(trial.name)
        return result(trial.problem, trial.search, trial.seed, {1: 1.0}, evaluations)

    def options(**changes: Any) -> Namespace:
        given = {"problem": ["p"], "search": None, "seeds": 1, "results": tmp_path, "evaluations": 10, "workers": 1,
                 "sandbox": None, "call_seconds": 0.5}  # fmt: skip
        return Namespace(**{**given, **changes})

    monkeypatch.setattr(search, "make", make)
    search.run(options())
    assert made == ["p-adaptive-0", "p-best-of-n-0", "p-random-0"]
    search.run(options())
    assert len(made) == 3
    search.run(options(seeds=2, search=["beam"]))
    assert made[3:] == ["p-beam-0", "p-beam-1", "p-best-of-n-1", "p-random-1"]
    search.run(options(evaluations=20))
    assert made[7:] == ["p-adaptive-0", "p-best-of-n-0", "p-random-0"]
