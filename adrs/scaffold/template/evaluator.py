"""The trusted side: draws instances, asks the policy, computes every number itself."""

from dataclasses import dataclass

import numpy as np

from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Evaluator, Metrics, Policy, WorkloadSpec

FAMILIES = ("uniform", "skewed", "many")
INSTANCES = 10


@dataclass(frozen=True)
class Instance:
    """One batch of jobs."""

    machines: int
    length: np.ndarray  # float64[jobs], s


class JobBalancing(Evaluator[list[Instance]]):
    """Makespan of independent jobs on identical machines."""

    def load(self, spec: WorkloadSpec) -> list[Instance]:
        """Draw the instances of a family from its seed. Raises UserError for one that it does not know."""
        if spec.family not in FAMILIES:
            raise UserError(
                f'workload {spec.name}: unknown family "{spec.family}"{did_you_mean(spec.family, FAMILIES)}'
            )
        generator = np.random.default_rng(spec.seed)
        instances = []
        for _ in range(INSTANCES):
            machines = int(generator.integers(3, 9))
            jobs = machines * (20 if spec.family == "many" else 4)
            skewed = spec.family == "skewed"
            length = generator.pareto(1.5, jobs) + 1 if skewed else generator.uniform(1, 10, jobs)
            instances.append(Instance(machines, length))
        return instances

    def evaluate(self, policy: Policy, workload: list[Instance], spec: WorkloadSpec) -> Metrics:
        """Mean makespan; type, shape and range of the answers are checked before they arrive here."""
        makespans, bounds = [], []
        for instance in workload:
            visible = {"machines": instance.machines, "length": instance.length, "seed": spec.policy_seed}
            machine = policy.call("solve", visible)
            busy = np.bincount(machine, weights=instance.length, minlength=instance.machines)
            makespans.append(busy.max())
            bounds.append(max(instance.length.max(), instance.length.sum() / instance.machines))
        return Metrics(weight=len(workload), makespan=np.mean(makespans), bounds={"makespan": float(np.mean(bounds))})
