"""Model placement: which language models share which GPU (Prism, arXiv 2505.04021; ADRS, arXiv 2510.06189).

The value of a placement is the largest KVPR of a GPU: request_rate / slo of its models over the memory that their
weights leave for the key-value cache. A workload is one draw of ten instances, or the fifty published ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Evaluator, Invalid, Metrics, Policy, WorkloadSpec
from evaluators.systems.model_placement_cases import MEMORY, NO_ROOM, Case, Placement, draw, gpu_pressures
from evaluators.systems.model_placement_optimum import find_optimum

_SOLVED = ("published", "small")
"""Families whose optimum is proven when they are loaded; in the others the lower bound stands in."""


@dataclass(frozen=True)
class BoundedCase:
    """An instance and the smallest KVPR that any placement can have."""

    case: Case
    bound: float
    is_optimum: bool
    """Whether a placement attains the bound."""


Workload = list[BoundedCase]


class ModelPlacement(Evaluator[Workload]):
    """Metrics, means over instances: `kvpr` 1/(s^2 GB), `gap` to the optimum, `leaderboard` 0..100, `bound_ratio`.

    Parameter `rules`: `strict`, or `legacy` for the rules of the public evaluator before it looked for missing models:
    a model at -1 is left out, and an overfull GPU merely counts a million. The interface must then allow -1, as that
    of the problem `problems/model-placement/legacy` does.
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters)
        for key in self.parameters:
            if key != "rules":
                raise UserError(f'unknown key "evaluator.parameters.{key}"{did_you_mean(key, ["rules"])}')
        rules = self.parameters.get("rules", "strict")
        if rules not in ("strict", "legacy"):
            raise UserError(f'evaluator.parameters.rules must be "strict" or "legacy", not {rules!r}')
        self._legacy = rules == "legacy"

    def load(self, spec: WorkloadSpec) -> Workload:
        """Draw the instances and prove their bounds. Raises UserError for a family or parameter that is unknown."""
        for key in spec.parameters:
            raise UserError(f'workload {spec.name}: unknown key "{key}"; known: family, seeds')
        try:
            cases = draw(spec.family, spec.seed)
        except ValueError as error:
            raise UserError(f"workload {spec.name}: {error}") from None
        return [_bounded(case, spec.family in _SOLVED) for case in cases]

    def evaluate(self, policy: Policy, workload: Workload, spec: WorkloadSpec) -> Metrics:
        """Ask for each placement in turn, each with its own seed, and score them."""
        pressures = []
        for index, bounded in enumerate(workload):
            seed = replace(spec, name=f"{spec.name}/{index}").policy_seed
            policy.reset(seed)
            placement = policy.call("solve", bounded.case.visible(seed))
            if self._legacy:
                pressures.append(legacy_pressures(bounded.case, placement))
            else:
                pressures.append(checked_pressures(bounded.case, placement, index))
        values = np.array([pressure.max() for pressure in pressures])
        if self._legacy:
            return Metrics(weight=len(workload), kvpr=values.mean())
        return score(workload, values, feedback(workload, pressures))

    def summarise(self, results: Sequence[tuple[WorkloadSpec, Metrics]]) -> dict[str, float]:
        """Means over instances, and `combined_score`, 1 / mean kvpr + success rate, as public frameworks report it."""
        summary = super().summarise(results)
        summary["combined_score"] = 1.0 / summary["kvpr"] + 1.0 if summary["kvpr"] else 1.0
        return summary


def _bounded(case: Case, solve: bool) -> BoundedCase:
    if not solve:
        return BoundedCase(case, case.lower_bound, False)
    optimum = find_optimum(case)
    return BoundedCase(case, optimum.bound, optimum.proven)


def checked_pressures(case: Case, placement: Placement, index: int) -> NDArray[np.float64]:
    """KVPR of each GPU; raises Invalid for the first GPU that holds more than its memory."""
    pressures, used = gpu_pressures(case, placement)
    if used.max() > MEMORY:
        gpu = int(np.argmax(used > MEMORY))
        raise Invalid("memory", f"case {index}: GPU {gpu} holds {used[gpu]:.6g} GB of {MEMORY:g}")
    return pressures


def legacy_pressures(case: Case, placement: Placement) -> NDArray[np.float64]:
    """KVPR of each GPU by the public evaluator's early rules, which overlook models that are placed nowhere."""
    placed = placement >= 0
    present = Case(case.gpus, case.size[placed], case.request_rate[placed], case.slo[placed])
    return gpu_pressures(present, placement[placed])[0]


def score(workload: Workload, values: NDArray[np.float64], text: str) -> Metrics:
    """Metrics of a workload from the KVPR of its instances.

    `leaderboard` is the formula of the ADRS leaderboard, 100 sqrt((b - v) / (b - o)) clamped to 0..100 and averaged,
    with b round robin and o the relaxed bound. `bound_ratio` is the smallest kvpr / bound of an instance: below 1 the
    program is suspect, even where others of its instances make up for it.
    """
    bounds = np.array([bounded.bound for bounded in workload])
    worst = np.array([bounded.case.round_robin_value for bounded in workload])
    ideal = np.array([bounded.case.relaxed_bound for bounded in workload])
    position = np.clip((worst - values) / (worst - ideal), 0.0, 1.0)
    metrics = Metrics(
        weight=len(workload), bounds={"kvpr": bounds.mean(), "bound_ratio": 1.0}, feedback=text,
        kvpr=values.mean(), leaderboard=100.0 * np.sqrt(position).mean(), bound_ratio=(values / bounds).min(),
    )  # fmt: skip
    if all(bounded.is_optimum for bounded in workload):
        metrics["gap"] = float((values / bounds).mean() - 1.0)
    return metrics


def feedback(workload: Workload, pressures: Sequence[NDArray[np.float64]]) -> str:
    """One sentence about the instance that is furthest from its bound, without the bound."""
    ratios = [pressure.max() / bounded.bound for pressure, bounded in zip(pressures, workload, strict=True)]
    index = int(np.argmax(ratios))
    case, pressure = workload[index].case, pressures[index]
    if pressure.max() >= NO_ROOM:
        return f"case {index}: GPU {pressure.argmax()} is full to the last GB, which counts as KVPR {NO_ROOM:g}"
    return (
        f"most to gain in case {index} ({case.gpus} GPUs, {len(case.size)} models): KVPR from {pressure.min():.4g} on "
        f"GPU {pressure.argmin()} to {pressure.max():.4g} on GPU {pressure.argmax()}, mean {pressure.mean():.4g}"
    )
