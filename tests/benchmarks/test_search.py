"""The benchmark of search strategies: its table says what its results say, and a second call makes what is missing."""

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adrs.errors import UserError
from adrs.lineage.curve import Curve, Point, Scaling
from adrs.program import Evaluation, Program

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import search
import search_plan
import search_report
from search import Result
from search_plan import Trial
from search_progress import Progress


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


def options(folder: Path, **changes: Any) -> Namespace:
    given = {"problem": ["p"], "search": None, "seeds": 1, "results": folder, "evaluations": 10, "workers": 1,
             "sandbox": None, "call_seconds": 0.5, "proposers": "", "json": None, "plot": None}  # fmt: skip
    return Namespace(**{**given, **changes})


def test_a_second_call_makes_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(trial: Trial, how: Namespace) -> Result:
        made.append(trial.name)
        return result(trial.problem, trial.search, trial.seed, {1: 1.0}, how.evaluations)

    monkeypatch.setattr(search, "make", make)
    search.run(options(tmp_path))
    assert made == ["p-adaptive-0", "p-best-of-n-0", "p-random-0"]
    search.run(options(tmp_path))
    assert len(made) == 3
    search.run(options(tmp_path, seeds=2, search=["beam"]))
    assert made[3:] == ["p-beam-0", "p-beam-1", "p-best-of-n-1", "p-random-1"]
    search.run(options(tmp_path, evaluations=20))
    assert made[7:] == ["p-adaptive-0", "p-best-of-n-0", "p-random-0"]
    with pytest.raises(UserError, match=r"runs of p with proposers '', call_seconds 0\.5, which must not be mixed"):
        search.run(options(tmp_path, problem=["q", "p"], proposers="mutation"))
    search.run(options(tmp_path, problem=["q"], proposers="mutation"))
    assert made[10:] == ["q-adaptive-0", "q-best-of-n-0", "q-random-0"]


def test_a_table_of_what_is_there_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(trial: Trial, how: Namespace) -> Result:
        made = result(trial.problem, trial.search, trial.seed, {1: 1.0 + trial.seed}, how.evaluations)
        return replace(made, stopped_by="interrupt") if (trial.search, trial.seed) == ("random", 1) else made

    (tmp_path / "plan.json").write_text('[{"problem": "p", "search": "random", "seed": 0, "evaluations": 10}]')
    with pytest.raises(UserError, match="damaged or of another version"):
        search.table(options(tmp_path, evaluations=None))
    (tmp_path / "plan.json").unlink()
    with pytest.raises(SystemExit, match="holds no result yet"):
        search.table(options(tmp_path, evaluations=None))
    monkeypatch.setattr(search, "make", make)
    with pytest.raises(SystemExit, match="p-random-1 was stopped after 10 evaluations; the same call goes on"):
        search.run(options(tmp_path, seeds=3))
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1/9 p-adaptive-0: begins, 10 evaluations wanted"
    assert said[-1] == "6/9 p-random-1: begins, 10 evaluations wanted"
    (tmp_path / "results" / "p-adaptive-2.json").write_text("{")
    monkeypatch.setattr(search_plan, "evaluations", lambda folder, trial: 7 if trial.name == "p-random-1" else 0)
    search.table(options(tmp_path, evaluations=None))
    shown, warned = capsys.readouterr()
    assert warned == "left out, damaged or of another version: p-adaptive-2.json\n"
    assert "| p | `adaptive` | 2 | **1.500** [1.250, 1.750]" in shown
    assert shown.splitlines()[-5:] == [
        "Missing, 4 of 9 runs (at how many evaluations they are):", "",
        "- p `random`: seed 1 (at 7), 2", "- p `adaptive`: seed 2", "- p `best-of-n`: seed 2",
    ]  # fmt: skip


def test_a_trial_says_how_far_it_is() -> None:
    progress = Progress("p-random-0", 20)
    assert progress.line() == "  p-random-0, 0 min: 0 of 20 evaluations, no score yet, starting"
    progress.note("evolving")
    for number, score in enumerate((3.0, 5.25, 4.0), 1):
        evaluation = Evaluation("train", "full", "ok", fitness=score, score=score)
        progress.told(Program(number, "", "", evaluation=evaluation), number)
    assert progress.line() == "  p-random-0, 0 min: 3 of 20 evaluations, best 5.25, evolving"


def test_a_trial_is_made_with_the_options_that_are_there_without_any(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "trials", lambda *_: iter([Trial(str(demo), "best-of-n", 0)]))
    monkeypatch.setattr(Trial, "name", "one")
    monkeypatch.setattr(sys, "argv", ["search.py", "run", str(tmp_path), "--evaluations", "3"])
    search.main()
    made = Result.read(tmp_path / "results" / "one.json")
    assert made is not None
    assert made.curve.evaluations == 3
