"""What the page of a problem shows of its baselines."""

import pytest

from adrs import problem as problems
from adrs.calibrate import Calibration
from adrs.cli.problem_page import page, print_page
from adrs.program import Evaluation, WorkloadResult


def test_workloads_without_the_metric_are_said_and_shown_by_another(capsys: pytest.CaptureFixture[str]) -> None:
    """A table of answers without costs has no arena score: the mean is about the other workloads alone."""
    problem = problems.load("query-routing")
    calibration = Calibration(problem)
    results = (
        WorkloadResult("bench", "ok", {"accuracy": 0.625, "arena_score": 0.5}),
        WorkloadResult("llm", "ok", {"accuracy": 0.875, "strong_share": 0.25}),
    )
    evaluation = Evaluation("train", "full", "ok", metrics={"arena_score": 0.5, "accuracy": 0.75}, workloads=results)
    calibration.add("always-best", "train", evaluation)
    print_page(problem, page(problem, calibration))
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("  arena_score is that of 1 of 2 workloads; the others have none of it")
    assert [line.split() for line in lines[at + 1 : at + 3]] == [
        ["name", "accuracy", "of", "llm"],
        ["always-best", "0.875"],
    ]
    calibration.add(
        "always-best", "train", Evaluation("train", "full", "ok", metrics={"arena_score": 0.5}, workloads=results[:1])
    )
    print_page(problem, page(problem, calibration))
    assert "the others have none" not in capsys.readouterr().out
