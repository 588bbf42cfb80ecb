"""Not used: the tests call the policy themselves."""

from typing import Any

from adrs.evaluation import Evaluator, Metrics, Policy, WorkloadSpec


class Shapes(Evaluator[Any]):
    def load(self, spec: WorkloadSpec) -> Any:
        return None

    def evaluate(self, policy: Policy, workload: Any, spec: WorkloadSpec) -> Metrics:
        return Metrics(score=1.0)
