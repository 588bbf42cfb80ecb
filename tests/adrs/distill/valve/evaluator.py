"""Tanks with unknown inflows: the opening of a valve moves the level with a gain that differs from tank to tank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adrs.evaluation import Evaluator, Metrics, Policy, WorkloadSpec

TANKS, STEPS = 12, 20


@dataclass(frozen=True)
class Tanks:
    """By tank: how far an opening of one moves the level in half a step, where it begins, and [steps, tanks]."""

    gain: NDArray[np.float64]
    level: NDArray[np.float64]
    inflow: NDArray[np.float64]


class Valve(Evaluator[Tanks]):
    """1 - the mean distance from the wanted level, per tank."""

    def load(self, spec: WorkloadSpec) -> Tanks:
        generator = np.random.default_rng(spec.seed or 0)
        gain, level = generator.uniform(0.5, 1.5, TANKS), generator.normal(size=TANKS)
        return Tanks(gain, level, np.cumsum(generator.normal(scale=0.15, size=(STEPS, TANKS)), axis=0))

    def instances(self, workload: Tanks) -> Sequence[tuple[Mapping[str, float], Tanks]]:
        return [
            ({"gain": float(workload.gain[tank])},
             Tanks(workload.gain[[tank]], workload.level[[tank]], workload.inflow[:, [tank]]))
            for tank in range(TANKS)
        ]  # fmt: skip

    def evaluate(self, policy: Policy, workload: Tanks, spec: WorkloadSpec) -> Metrics:
        gain, level, inflow = workload.gain, workload.level, workload.inflow
        tanks = len(gain)
        history = np.tile([0.0, 1.0], (tanks, 4, 1))
        missed = np.zeros(tanks)
        policy.reset(spec.policy_seed, tanks)
        for step in range(STEPS):
            seen = np.column_stack([level, np.clip(np.exp(np.clip(inflow[step] / 4, -2, 2)), 0.1, 10.0)])
            history = np.concatenate([history[:, 1:], seen[:, None]], axis=1)
            opening = np.clip(policy.map("valve", history.reshape(tanks, 8)), -4.0, 4.0)
            level = level + 0.5 * gain * (opening + inflow[step])
            missed += np.abs(level) / STEPS
        values = 1.0 - missed
        return Metrics(value=values.mean(), **{f"tank_{number}": value for number, value in enumerate(values)})
