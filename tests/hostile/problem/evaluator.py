"""A trivial evaluator: how far the chosen number lies below the largest, and the sum of the weights."""

from typing import Any

import numpy as np

from adrs.evaluation import Evaluator, Metrics, Policy, WorkloadSpec


class Picking(Evaluator[Any]):
    """Twenty numbers a workload."""

    def load(self, spec: WorkloadSpec) -> Any:
        """Draw the numbers."""
        return np.random.default_rng(spec.seed).random(20)

    def evaluate(self, policy: Policy, workload: Any, spec: WorkloadSpec) -> Metrics:
        """Ask once."""
        answer = policy.call("solve", workload)
        regret = workload.max() - workload[answer["choice"]]
        return Metrics(regret=float(regret), weight_sum=float(answer["weights"].sum()))
