"""A trivial evaluator: how far a chosen number lies below the largest."""

from typing import Any

import numpy as np

from adrs.evaluation import Evaluator, Metrics, Policy, WorkloadSpec


class Toy(Evaluator[Any]):
    def load(self, spec: WorkloadSpec) -> Any:
        return np.random.default_rng(spec.seed).random(20)

    def evaluate(self, policy: Policy, workload: Any, spec: WorkloadSpec) -> Metrics:
        chosen = policy.call("solve", workload)
        return Metrics(regret=float(workload.max() - workload[chosen]))
