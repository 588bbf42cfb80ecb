"""What an evaluator's author may get wrong in what it computes."""

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Evaluator, Metrics
from adrs.problem import Problem


def check_metrics(metrics: object, workload: str, native: str, wanted: Mapping[str, str]) -> None:
    """Metrics of one workload are numbers, which are made plain ones, and those that are `needed` are there. Raises
    UserError."""
    if not isinstance(metrics, Metrics):
        method, kind = "reference" if native else "evaluate", "None" if metrics is None else type(metrics).__name__
        raise UserError(f"workload {workload}: {method} must return adrs.evaluation.Metrics, not {kind}")
    metrics.update(plain_metrics(metrics, f"workload {workload}"))
    if not isinstance(metrics.feedback, str):
        raise UserError(f"workload {workload}: feedback must be text, not {metrics.feedback!r}")
    if not (metrics.weight >= 0.0 and math.isfinite(metrics.weight)):
        raise UserError(f"workload {workload}: a weight must be a finite number from 0, not {metrics.weight!r}")
    for name in metrics.bounds:
        if name not in metrics:
            raise UserError(
                f'workload {workload}: the evaluator gives a bound of "{name}", which it does not compute'
                f"{did_you_mean(name, metrics)}"
            )
    for key, name in wanted.items():
        named(metrics, name, key, f"workload {workload}: ")


def plain_metrics(metrics: Mapping[str, object], where: str) -> dict[str, float]:
    """The same numbers, of whatever type, as floats. Raises UserError for what is no finite number."""
    for name, value in metrics.items():
        if not _is_finite(value):
            raise UserError(f"{where}: the evaluator computed {name} = {value}, which is not a finite number")
    return {name: float(value) for name, value in metrics.items() if isinstance(value, Real)}


def plain_replicates(metrics: Metrics, workload: str) -> tuple[float, ...]:
    """What resampled instances give, as floats; nothing where the evaluator does not say. Raises UserError."""
    found = tuple(metrics.replicates()) if metrics.replicates is not None else ()
    if not all(map(_is_finite, found)):
        raise UserError(f"workload {workload}: the evaluator gave replicates that are not all finite numbers")
    return tuple(map(float, found))


def _is_finite(value: object) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def needed(problem: Problem, evaluator: Evaluator[Any]) -> dict[str, str]:
    """Metrics that each workload must have, by the objective's key for them: none may drop out of a mean."""
    objective, found = problem.objective, {}
    if type(evaluator).summarise is Evaluator.summarise:
        found["metric"] = objective.metric
    if objective.workload_metric != objective.metric:
        found["workload_metric"] = objective.workload_metric
    return found


def named(metrics: Mapping[str, float], name: str, key: str, where: str = "") -> float:
    """The metric that the objective names. Raises UserError."""
    if name not in metrics:
        raise UserError(
            f'{where}objective.{key} = "{name}", which the evaluator does not compute{did_you_mean(name, metrics)}'
        )
    return metrics[name]
