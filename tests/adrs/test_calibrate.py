"""How far the baselines of a scale are apart."""

import pytest

from adrs import problem as problems
from adrs.calibrate import Calibration
from adrs.program import Evaluation, WorkloadResult

PROBLEM = problems.load("congestion-control")


def evaluation(metrics, values):
    results = [WorkloadResult(spec.name, "ok", {"value": values[spec.family]})
               for spec in PROBLEM.workloads["validation"]]  # fmt: skip
    return Evaluation("validation", "full", "ok", metrics=metrics, workloads=tuple(results))


def spans(metrics, values, split="validation"):
    low = evaluation({"value": 0.0, "value_single": 0.3}, {"single": 0.0, "dynamic": 0.0, "sharing": 0.5})
    ends = [(PROBLEM.baseline("trivial"), low), (PROBLEM.baseline("state-of-the-art"), evaluation(metrics, values))]
    return Calibration(PROBLEM, {(role.name, split): each for role, each in ends}).family_spans(split)


def test_a_family_spans_what_its_own_value_says_and_a_baseline_that_loses_is_below():
    found = spans({"value": 0.9, "value_single": 0.4}, {"single": 0.9, "dynamic": 0.7, "sharing": 0.25})
    assert found == pytest.approx({"single": 0.1, "dynamic": 0.7, "sharing": -0.25})


def test_the_only_family_of_a_split_spans_the_whole_value():
    assert spans({"value": 0.8}, {"single": 0.1, "dynamic": 0.1, "sharing": 0.1}, "train") == {"single": 0.8}
