"""Tanks with unknown inflows: the opening of a valve moves the level with a gain that differs from tank to tank."""

import numpy as np

from adrs.evaluation import Evaluator, Metrics, Policy, WorkloadSpec

TANKS, STEPS = 12, 20


class Valve(Evaluator[int]):
    """1 - the mean distance from the wanted level, per tank."""

    def load(self, spec: WorkloadSpec) -> int:
        return int(spec.seed or 0)

    def evaluate(self, policy: Policy, workload: int, spec: WorkloadSpec) -> Metrics:
        generator = np.random.default_rng(workload)
        gain, level = generator.uniform(0.5, 1.5, TANKS), generator.normal(size=TANKS)
        inflow = np.cumsum(generator.normal(scale=0.15, size=(STEPS, TANKS)), axis=0)
        history = np.tile([0.0, 1.0], (TANKS, 4, 1))
        missed = np.zeros(TANKS)
        policy.reset(spec.policy_seed, TANKS)
        for step in range(STEPS):
            seen = np.column_stack([level, np.clip(np.exp(np.clip(inflow[step] / 4, -2, 2)), 0.1, 10.0)])
            history = np.concatenate([history[:, 1:], seen[:, None]], axis=1)
            opening = np.clip(policy.map("valve", history.reshape(TANKS, 8)), -4.0, 4.0)
            level = level + 0.5 * gain * (opening + inflow[step])
            missed += np.abs(level) / STEPS
        values = 1.0 - missed
        return Metrics(value=values.mean(), **{f"tank_{number}": value for number, value in enumerate(values)})
