"""Check (iii): no NaN and no infinity, with features at their limits, at zero, at the least numbers and after rest."""

import numpy as np
from numpy.typing import NDArray

from adrs.distill.checks.record import Check
from adrs.distill.checks.runners import Runner
from adrs.rule.form import Rule

NAME = "extremes"


def extremes(rule: Rule, values: NDArray[np.float64], runner: Runner, target: str) -> Check:
    """Run sequences float64[scenarios, intervals, features], of `rows.extremes`, and look at every answer."""
    scenarios, intervals, _ = values.shape
    runner.reset(scenarios)
    everyone = np.arange(scenarios)
    for interval in range(intervals):
        answers, _ = runner.decide(values[:, interval], everyone)
        bad = ~(np.isfinite(answers) & (answers >= rule.inputs.low - 1e-4) & (answers <= rule.inputs.high + 1e-4))
        if bad.any():
            scenario = int(np.argmax(bad))
            given = ", ".join(f"{feature.identifier} {value!r}" for feature, value in
                              zip(rule.inputs.features, values[scenario, interval].tolist(), strict=True))  # fmt: skip
            return Check(NAME, False, f"the answer is {float(answers[scenario])!r} at {given}", target=target)
    return Check(NAME, True, f"finite and in range on {scenarios:,} combinations of limits", target=target)
