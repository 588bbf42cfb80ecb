"""The trusted side of budgeted-routing: a model and a limit on its answer's length, at a given price of money.

R2-Router (arXiv 2602.02823). Scores and lengths of every (query, model, budget) are looked up here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from adrs import resources
from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Evaluator, Metrics, Policy, WorkloadSpec
from evaluators.routing import asking, budget_table, budget_world, cost_curves, intervals, reference
from evaluators.routing.budget_task import LAMBDAS, UNLIMITED, Outcomes, Task, outcomes
from evaluators.routing.records import Model
from evaluators.routing.sizes import STANDARD, Sizes, sizes

FAMILIES = ("same", "shifted", "other-pool")
UTILITIES = {1000: 9, 10_000: 13, 100_000: 17}
"""Dollars' worth in quality, and the place in LAMBDAS where it is asked for."""


class BudgetedRouting(Evaluator[Task]):
    """Area under the curve of quality over cost. Parameters: `fit` and `asked`, queries of synthetic workloads."""

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters)
        self._sizes = sizes(self.parameters)
        self._baseline = reference.Remembered()

    def load(self, spec: WorkloadSpec) -> Task:
        """Draw the family from the seed, or read R2-Bench from `file`. Raises UserError."""
        for key in spec.parameters:
            if key != "file":
                raise UserError(f'workload {spec.name}: unknown key "{key}"{did_you_mean(key, ["file"])}')
        if spec.seed is None:
            name = spec.parameters.get("file")
            if not isinstance(name, str):
                raise UserError(f'workload "{spec.name}" needs seeds = [...] or files = [...]')
            return budget_table.load(Path(resources.data_file(name)))
        if spec.family not in FAMILIES:
            raise UserError(f'unknown family "{spec.family}"{did_you_mean(spec.family, FAMILIES)}')
        return draw(spec.family, spec.seed, self._sizes)

    def evaluate(self, policy: Policy, workload: Task, spec: WorkloadSpec) -> Metrics:
        """Ask for every query at every price of money; look up what the decisions gave."""
        seeds = workload.seeds(spec.policy_seed)
        decided = asking.one_shot(
            policy, workload.train, lambda rows: workload.requests(rows, seeds), len(seeds), spec.policy_seed,
            numbers=_numbers, rounds=len(LAMBDAS),
        )  # fmt: skip
        found = _look_up(workload, decided.answers)
        metrics = measure(workload, found)
        metrics["failed_decisions"] = float(decided.failed.sum())
        metrics.replicates = lambda: resampled_areas(workload, found).tolist()
        if spec.split == "test":
            asking.add_times(metrics, decided.seconds)
            theirs = self._baseline.of(spec.name, lambda: resampled_areas(workload, _of_baseline(workload, seeds)))
            add_intervals(metrics, workload, found, theirs)
        return metrics

    def reference(self, name: str, workload: Task, spec: WorkloadSpec) -> Metrics:
        """The oracle, which knows the outcomes of all cells. Raises UserError."""
        return measure(workload, reference.native(name, {"oracle": lambda: _look_up(workload, workload.oracle())}))


def _numbers(answers: tuple[np.ndarray, list[int | None]]) -> np.ndarray:
    models, budgets = answers
    return np.stack([models, [UNLIMITED if budget is None else budget for budget in budgets]], axis=1)


def _look_up(task: Task, answers: np.ndarray) -> Outcomes:
    queries = np.arange(len(answers)) % len(task.asked)
    return outcomes(task, answers[:, 0], answers[:, -1], queries)


def _of_baseline(task: Task, seeds: np.ndarray) -> Outcomes:
    requests = task.requests(np.arange(len(seeds)), seeds)
    decisions = reference.decisions("budgeted-routing", task.train, requests, len(seeds))
    return _look_up(task, np.array([(model, budget or UNLIMITED) for model, budget in decisions], dtype=np.int64))


def draw(family: str, seed: int, sizes: Sizes = STANDARD) -> Task:
    """A synthetic workload: `same`, `shifted` (half of it mathematics) or `other-pool`."""
    world, rng = budget_world.World(), np.random.default_rng(seed)
    fit = world.draw(rng, sizes.fit)
    asked = world.draw(rng, sizes.asked, budget_world.SHIFTED_SHARES if family == "shifted" else budget_world.SHARES)
    models = [profile.model for profile in budget_world.PROFILES]
    if family == "other-pool":
        kept = [place for place, model in enumerate(models) if model.name not in budget_world.ABSENT_ELSEWHERE]
        order = np.array(kept)[rng.permutation(len(kept))]
        factor = rng.lognormal(0, 0.4, size=(len(kept), 2))
        models = [
            Model(models[place].name, models[place].price_in * both[0], models[place].price_out * both[1])
            for place, both in zip(order.tolist(), factor.tolist(), strict=True)
        ]
        fit, asked = fit.models(order), asked.models(order)
    return Task(models, fit, asked)


def curve(task: Task, values: np.ndarray) -> np.ndarray:
    """float64[LAMBDAS]: the mean of each price's requests; values: float64[requests]."""
    means: np.ndarray = values.reshape(len(LAMBDAS), len(task.asked)).mean(axis=1)
    return means


def measure(task: Task, found: Outcomes) -> Metrics:
    """Metrics of the outcomes of all requests, ordered by price of money, then query."""
    cost, quality, output = curve(task, found.cost), curve(task, found.score), curve(task, found.output_cost)
    metrics = Metrics(over_budget=float(found.over.mean()), bounds=task.bounds, feedback=_feedback(cost, quality))
    metrics.update(_of_curves(task, cost, quality, output))
    return metrics


def _of_curves(task: Task, cost: np.ndarray, quality: np.ndarray, output: np.ndarray) -> dict[str, float]:
    """Metrics of one point for each price of money, float64[LAMBDAS]; `output` is the cost of answers alone."""
    areas = {
        "audc_extended_log": cost_curves.extended_log_area(cost, quality, task.anchors),
        "audc_extended": cost_curves.extended_area(cost, quality, task.anchors),
        "audc_official": cost_curves.official_area(output, quality),
        "audc_dollars": cost_curves.dollar_area(output, quality),
        "qnc": cost_curves.first_reaching(output, quality, task.best_single, task.official_span),
        "qnc_95": cost_curves.first_reaching(output, quality, 0.95 * task.best_single, task.official_span),
        "peak": float(quality.max()),
    }
    utilities = {f"utility_{weight}": float(quality[at] - weight * cost[at]) for weight, at in UTILITIES.items()}
    return areas | utilities


def _resampled_curves(task: Task, *values: np.ndarray) -> np.ndarray:
    """float64[values, replicates, LAMBDAS]: means on resampled clusters, with the same draws for all outcomes."""
    number, lambdas = len(task.asked), len(LAMBDAS)
    columns = np.concatenate([each.reshape(lambdas, number) for each in values])
    sums = intervals.cluster_sums(task.asked.clusters, np.ones(number), *columns)
    drawn = intervals.draws(len(sums)) @ sums
    means = drawn[:, 1:] / drawn[:, :1]
    return np.stack([means[:, start : start + lambdas] for start in range(0, len(values) * lambdas, lambdas)])


def resampled_areas(task: Task, found: Outcomes) -> np.ndarray:
    """float64[replicates]: the primary area on resampled queries."""
    points = zip(*_resampled_curves(task, found.cost, found.score), strict=True)
    return np.array([cost_curves.extended_log_area(cost, quality, task.anchors) for cost, quality in points])


def add_intervals(metrics: Metrics, task: Task, ours: Outcomes, theirs: np.ndarray) -> None:
    """Add 95 % intervals of all metrics, and of the primary area's difference to the state-of-the-art baseline's.

    theirs: float64[replicates], that area on resampled queries. Anchors, ranges and targets are those of the workload
    as it is.
    """
    curves = _resampled_curves(task, ours.cost, ours.score, ours.output_cost)
    each = [_of_curves(task, *points) for points in zip(*curves, strict=True)]
    found = {name: np.array([values[name] for values in each]) for name in each[0]}
    found["over_budget"] = _resampled_curves(task, ours.over)[0].mean(axis=1)
    intervals.add(metrics, found, theirs, "audc_extended_log")


def _feedback(cost: np.ndarray, quality: np.ndarray) -> str:
    points = ", ".join(f"{quality[place]:.3f} at ${1000 * cost[place]:.4g}" for place in range(0, len(cost), 4))
    return f"quality, at dollars for 1,000 queries, from no price of money to nothing but it: {points}"
