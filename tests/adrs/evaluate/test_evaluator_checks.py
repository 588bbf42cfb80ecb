"""What evaluators compute is made plain, or refused in a sentence."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from adrs.errors import UserError
from adrs.evaluate import harness, messages
from adrs.evaluate.evaluator_checks import check_metrics, plain_replicates
from adrs.evaluate.worker import packed
from adrs.evaluation import Evaluator, Metrics
from adrs.problem import Problem
from adrs.program import Evaluation, Job, WorkloadResult
from adrs.testing.policy import InProcessPolicy


class Counting(Evaluator[Any]):
    """Numbers of types that no message can hold."""

    def load(self, spec: Any) -> Any:
        return None

    def evaluate(self, policy: Any, workload: Any, spec: Any) -> Metrics:
        metrics = Metrics(regret=1.0)
        metrics["count"] = np.int64(3)
        metrics.replicates = lambda: [np.float32(0.5)]
        return metrics

    def summarise(self, results: Any) -> dict[str, float]:
        return {**super().summarise(results), "most": np.int64(7), "part": Fraction(1, 4)}


def test_numbers_of_any_type_become_plain_ones(toy: Problem) -> None:
    evaluator, source = Counting(), toy.seed.read_text()
    policy, job = InProcessPolicy(toy, source), Job(source, "train", replicates=True)
    evaluation = harness.evaluate(toy, evaluator, harness.Workloads(evaluator), policy, job)
    assert evaluation.metrics == {"regret": 1.0, "count": 3.0, "most": 7.0, "part": 0.25}
    first = evaluation.workloads[0]
    assert {type(value) for value in (*evaluation.metrics.values(), *first.metrics.values(), *first.replicates)} == {
        float
    }


def _with(**values: object) -> Metrics:
    metrics = Metrics(regret=1.0)
    vars(metrics).update(values)
    return metrics


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"feedback": None}, "workload w: feedback must be text, not None"),
        ({"weight": -1.0}, "workload w: a weight must be a finite number from 0, not -1.0"),
        ({"weight": float("nan")}, "workload w: a weight must be a finite number from 0, not nan"),
    ],
)
def test_what_goes_with_metrics_is_checked_as_well(values: Mapping[str, object], said: str) -> None:
    with pytest.raises(UserError) as caught:
        check_metrics(_with(**values), "w", "", {})
    assert str(caught.value) == said


def test_replicates_are_finite_numbers() -> None:
    assert plain_replicates(Metrics(), "w") == ()
    with pytest.raises(UserError, match="workload w: the evaluator gave replicates that are not all finite numbers"):
        plain_replicates(_with(replicates=lambda: [1.0, float("nan")]), "w")


@pytest.mark.parametrize("odd", [{"details": ({"hops": np.int64(3)},)}, {"feedback": "\udc80"}])
def test_what_no_message_can_hold_is_a_fault_of_the_evaluator_that_a_message_tells(
    toy: Problem, odd: dict[str, Any]
) -> None:
    result = WorkloadResult("w", "ok", {"regret": 1.0}, **odd)
    frame = packed(Evaluation("train", "full", "ok", workloads=(result,)), toy)
    told = Evaluation.from_plain(messages.unpack(frame[messages.HEADER.size :])["evaluation"])
    assert told.verdict == "infrastructure"
    assert told.reason.startswith("evaluator evaluator:Toy gives details or feedback that are no plain values: ")
