"""What an evaluator's author may get wrong in what it computes."""

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Evaluator, Metrics
from adrs.problem import Problem


def check_metrics(metrics: object, workload: str, native: str, wanted: Mapping[str, str]) -> None:
    """Metrics of one workload are numbers, and those that are `needed` are there. Raises UserError."""
    if not isinstance(metrics, Metrics):
        method, kind = "reference" if native else "evaluate", "None" if metrics is None else type(metrics).__name__
        raise UserError(f"workload {workload}: {method} must return adrs.evaluation.Metrics, not {kind}")
    check_finite(metrics, f"workload {workload}")
    for name in metrics.bounds:
        if name not in metrics:
            raise UserError(
                f'workload {workload}: the evaluator gives a bound of "{name}", which it does not compute'
                f"{did_you_mean(name, metrics)}"
            )
    for key, name in wanted.items():
        named(metrics, name, key, f"workload {workload}: ")


def check_finite(metrics: Mapping[str, object], where: str) -> None:
    """Metrics are finite numbers. Raises UserError."""
    for name, value in metrics.items():
        if not isinstance(value, Real) or not math.isfinite(value):
            raise UserError(f"{where}: the evaluator computed {name} = {value}, which is not a finite number")


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
