"""The trusted side of query-routing: one model out of a priced pool for each query.

Score: RouterArena (arXiv 2510.00202). Real outcomes: see query_tables. The outcome of a query and a model is looked up
here; a policy returns an index and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from adrs import resources
from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Evaluator, Metrics, Policy, Shared, WorkloadSpec
from evaluators.routing import arena, asking, intervals, query_tables, query_world, reference
from evaluators.routing.records import Model, Queries
from evaluators.routing.sizes import STANDARD, Sizes, sizes

TWINS = 420
"""Noisy twins of a test workload, at most a third of its queries."""
FAMILIES = ("same", "shifted", "other-pool")
PRICES_OF_COST = (10.0, 100.0, 1000.0)
_SEED_LIMIT = 2**63


@dataclass(frozen=True)
class Task:
    """One workload."""

    models: Sequence[Model]
    fit: Queries
    asked: Queries
    twins: tuple[np.ndarray, Sequence[str], np.ndarray] | None = None
    """Rows of `asked`, texts and features of noisy twins."""
    priced: bool = True
    """Whether costs are known, so that there is an arena score."""
    price_of_cost: float = 0.0

    @cached_property
    def bound(self) -> float:
        """An arena score that nothing can beat."""
        return arena.upper_bound(self.asked.accuracy, self.asked.cost)

    @property
    def train(self) -> dict[str, Any]:
        """What `fit` is given."""
        return {
            "texts": list(self.fit.texts), "features": self.fit.features, "accuracy": self.fit.accuracy,
            "cost": self.fit.cost, "input_tokens": self.fit.input_tokens, "output_tokens": self.fit.output_tokens,
            "models": [model.plain() for model in self.models],
        }  # fmt: skip

    def requests(self, seed: int) -> dict[str, Any]:
        """Everything that a policy is shown of the queries: those asked, then their twins."""
        texts, features = list(self.asked.texts), self.asked.features
        if self.twins is not None:
            texts, features = [*texts, *self.twins[1]], np.vstack([features, self.twins[2]])
        return {
            "text": texts,
            "characters": np.array([len(text) for text in texts], dtype=np.int64),
            "features": features,
            "models": Shared([model.plain() for model in self.models]),
            "price_of_cost": Shared(self.price_of_cost),
            "seed": np.random.default_rng(seed).integers(0, _SEED_LIMIT, size=len(texts)),
        }


class QueryRouting(Evaluator[Task]):
    """Accuracy and cost of the chosen models. Parameters: `fit` and `asked`, queries of synthetic workloads."""

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters)
        self._sizes = sizes(self.parameters)
        self._baseline = reference.Remembered()

    def load(self, spec: WorkloadSpec) -> Task:
        """Draw the family from the seed, or read the table in `file`. Raises UserError.

        Key of a workload: `price_of_cost`, what a policy is told that a dollar is worth in accuracy.
        """
        for key in spec.parameters:
            if key not in ("file", "price_of_cost"):
                raise UserError(f'workload {spec.name}: unknown key "{key}"{did_you_mean(key, ["price_of_cost"])}')
        price = float(spec.parameters.get("price_of_cost", 0.0))
        if spec.seed is None:
            name = spec.parameters.get("file")
            if not isinstance(name, str):
                raise UserError(f'workload "{spec.name}" needs seeds = [...] or files = [...]')
            return _real(name, spec, price)
        if spec.family not in FAMILIES:
            raise UserError(f'unknown family "{spec.family}"{did_you_mean(spec.family, FAMILIES)}')
        return draw(spec.family, spec.seed, price, spec.split == "test", self._sizes)

    def evaluate(self, policy: Policy, workload: Task, spec: WorkloadSpec) -> Metrics:
        """Ask for all decisions; look up what they gave."""
        requests = workload.requests(spec.policy_seed)
        decided = asking.one_shot(
            policy, workload.train, partial(asking.take, requests), len(requests["text"]), spec.policy_seed
        )
        answers = decided.answers[:, 0]
        picks = answers[: len(workload.asked)]
        metrics = measure(workload, picks)
        if workload.twins is not None:
            rows, twin_picks = workload.twins[0], answers[len(workload.asked) :]
            metrics["robustness"] = float((picks[rows] == twin_picks).mean())
        metrics["failed_decisions"] = float(decided.failed.sum())
        if workload.priced:
            metrics.replicates = lambda: resampled(workload, picks)["arena_score"].tolist()
        if spec.split == "test":
            asking.add_times(metrics, decided.seconds)
            find = partial(_of_baseline, workload, requests)
            theirs = self._baseline.of(spec.name, find) if workload.priced else None
            add_intervals(metrics, workload, answers, theirs)
        return metrics

    def summarise(self, results: Sequence[tuple[WorkloadSpec, Metrics]]) -> dict[str, float]:
        """Means by weight over the workloads that have a metric: a table without costs has no arena score."""
        return super().summarise(results)


def _of_baseline(task: Task, requests: Mapping[str, Any]) -> np.ndarray:
    """float64[replicates]: the arena score of the state-of-the-art baseline on resampled queries."""
    return resampled(task, reference.choices("query-routing", task.train, requests)[: len(task.asked)])["arena_score"]


def draw(family: str, seed: int, price_of_cost: float = 0.0, with_twins: bool = False, sizes: Sizes = STANDARD) -> Task:
    """A synthetic workload: `same`, `shifted` (harder, more mathematics and code) or `other-pool`."""
    world, rng = query_world.World(), np.random.default_rng(seed)
    fit = world.draw(rng, sizes.fit, query_world.Scene())
    asked = world.draw(rng, sizes.asked, query_world.SHIFTED if family == "shifted" else query_world.Scene())
    models = [profile.model for profile in query_world.PROFILES]
    if family == "other-pool":
        kept = [place for place, model in enumerate(models) if model.name not in query_world.ABSENT_ELSEWHERE]
        order = np.array(kept)[rng.permutation(len(kept))]
        factor = rng.lognormal(0, 0.3, size=(len(kept), 2))
        models = [
            Model(models[place].name, models[place].price_in * both[0], models[place].price_out * both[1])
            for place, both in zip(order.tolist(), factor.tolist(), strict=True)
        ]
        fit, asked = (_repriced(queries.models(order), models) for queries in (fit, asked))
    twins = None
    if with_twins:
        rows = np.sort(rng.choice(sizes.asked, size=min(TWINS, sizes.asked // 3), replace=False))
        twins = (rows, *query_world.twins(rng, asked, rows))
    return Task(models, fit, asked, twins, price_of_cost=price_of_cost)


def _repriced(queries: Queries, models: Sequence[Model]) -> Queries:
    prices = np.array([(model.price_in, model.price_out) for model in models])
    return Queries(
        queries.texts, queries.features, queries.input_tokens, queries.output_tokens, queries.accuracy,
        query_world.costs(queries.input_tokens, queries.output_tokens, prices), queries.category, queries.clusters,
    )  # fmt: skip


def _real(name: str, spec: WorkloadSpec, price_of_cost: float) -> Task:
    table = query_tables.read(resources.data_file(name))
    if table.evaluation_only and spec.split != "test":
        raise UserError(f"workload {spec.name}: RouterArena's data may only be evaluated on: declare it under test")
    fit, asked = query_tables.split(table)
    if not len(asked.keys):
        raise UserError(f"workload {spec.name}: {name} has too few different queries to keep some for asking")
    models = query_tables.prices(fit if len(fit.keys) else table)
    return Task(models, query_tables.queries(fit), query_tables.queries(asked), None, table.priced, price_of_cost)


def outcomes(asked: Queries, picks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy and cost of each query, float64[n]; a failed decision, -1, is wrong and as dear as the dearest."""
    rows, failed = np.arange(len(picks)), picks < 0
    accuracy = np.where(failed, 0.0, asked.accuracy[rows, np.maximum(picks, 0)])
    cost = np.where(failed, asked.cost.max(axis=1), asked.cost[rows, np.maximum(picks, 0)])
    return accuracy, cost


def measure(task: Task, picks: np.ndarray) -> Metrics:
    """Metrics of picks, int64[n], -1 where a decision failed."""
    accuracy, cost = outcomes(task.asked, picks)
    mean, dear = float(accuracy.mean()), float(cost.max())
    if not task.priced:
        strong = float((cost == dear).mean()) if dear == query_tables.STRONG_COST else 0.0
        return Metrics(accuracy=mean, strong_share=strong, feedback=f"accuracy {mean:.4f}")
    cost_1000 = arena.cost_per_thousand(cost, len(cost))
    score = arena.arena_score(mean, cost_1000)
    metrics = Metrics(accuracy=mean, cost_per_1000=cost_1000, feedback=_feedback(task, picks, accuracy, cost))
    if score is not None:
        metrics["arena_score"] = score
        metrics.bounds["arena_score"] = task.bound
    metrics.update(optimality(task.asked, picks, accuracy, cost))
    for price in PRICES_OF_COST:
        metrics[f"utility_{price:.0f}"] = mean - price * float(cost.mean())
    return metrics


def optimality(asked: Queries, picks: np.ndarray, accuracy: np.ndarray, cost: np.ndarray) -> dict[str, float]:
    """Optimality v2 of `arena.optimality`, over arrays."""
    columns = _optimality_columns(asked, picks, accuracy, cost)
    ratios = _optimality({name: values.sum(keepdims=True) for name, values in columns.items()})
    return {name: float(values[0]) for name, values in ratios.items()}


def _optimality_columns(
    asked: Queries, picks: np.ndarray, accuracy: np.ndarray, cost: np.ndarray
) -> dict[str, np.ndarray]:
    """What optimality is the ratio of sums of, float64[n] by name."""
    right = asked.accuracy >= 1.0
    counted = right.any(axis=1) & ~((accuracy == 0) & (cost == 0))
    dearest = np.where(right, asked.cost, np.inf)
    least = dearest.min(axis=1)
    rows = np.arange(len(picks))
    best = right[rows, np.maximum(picks, 0)] & (picks >= 0) & (asked.cost[rows, np.maximum(picks, 0)] == least)
    optimum_accuracy = np.where(best, accuracy, asked.accuracy[rows, dearest.argmin(axis=1)])
    correct = counted & (accuracy >= 1.0)
    return {
        "counted": counted.astype(float), "selected": (best & correct).astype(float),
        "paid": np.where(correct, cost, 0.0), "least": np.where(correct, least, 0.0),
        "reached": np.where(counted, accuracy, 0.0), "reachable": np.where(counted, optimum_accuracy, 0.0),
    }  # fmt: skip


def _optimality(sums: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Selection, cost ratio and accuracy ratio; 0 where there is nothing to divide by."""
    ratios = {
        "optimal_selection": ("selected", "counted"), "optimal_cost": ("least", "paid"),
        "optimal_accuracy": ("reached", "reachable"),
    }  # fmt: skip
    return {
        name: np.divide(sums[above], sums[below], out=np.zeros_like(sums[below]), where=sums[below] > 0)
        for name, (above, below) in ratios.items()
    }


def resampled(task: Task, picks: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics on resampled clusters of queries, float64[replicates] by name, with the same draws for all picks."""
    accuracy, cost = outcomes(task.asked, picks)
    columns = {"rows": np.ones(len(picks)), "accuracy": accuracy, "cost": cost,
               "strong": (cost == query_tables.STRONG_COST).astype(float),
               **_optimality_columns(task.asked, picks, accuracy, cost)}  # fmt: skip
    sums = intervals.cluster_sums(task.asked.clusters, *columns.values())
    drawn = dict(zip(columns, (intervals.draws(len(sums)) @ sums).T, strict=True))
    mean, dollars = drawn["accuracy"] / drawn["rows"], drawn["cost"] / drawn["rows"]
    if not task.priced:
        return {"accuracy": mean, "strong_share": drawn["strong"] / drawn["rows"]}
    found = {"accuracy": mean, "cost_per_1000": 1000 * dollars, "arena_score": arena.arena_scores(mean, 1000 * dollars)}
    found |= _optimality(drawn)
    return found | {f"utility_{price:.0f}": mean - price * dollars for price in PRICES_OF_COST}


def add_intervals(metrics: Metrics, task: Task, picks: np.ndarray, theirs: np.ndarray | None) -> None:
    """Add 95 % intervals of all metrics, and of the arena score's difference to that of the state-of-the-art baseline.

    picks: of all requests, those of noisy twins behind the others. theirs: float64[replicates], the baseline's score.
    """
    number = len(task.asked)
    found = resampled(task, picks[:number])
    if task.twins is not None:
        rows = task.twins[0]
        same = (picks[rows] == picks[number:]).astype(float)
        clusters = np.unique(task.asked.clusters[rows], return_inverse=True)[1].astype(np.int64)
        sums = intervals.cluster_sums(clusters, np.ones(len(rows)), same)
        drawn = intervals.draws(len(sums)) @ sums
        found["robustness"] = drawn[:, 1] / drawn[:, 0]
    intervals.add(metrics, found, theirs, "arena_score")


def _feedback(task: Task, picks: np.ndarray, accuracy: np.ndarray, cost: np.ndarray) -> str:
    shares = np.bincount(np.maximum(picks, 0), minlength=len(task.models)) / len(picks)
    used = ", ".join(
        f"{model.name} {share:.0%}" for model, share in zip(task.models, shares.tolist(), strict=True) if share >= 0.01
    )
    solvable = float((task.asked.accuracy.max(axis=1) > accuracy).mean())
    return (
        f"accuracy {accuracy.mean():.4f} at ${1000 * cost.mean():.4f} per 1,000 queries; chosen: {used}; "
        f"for {solvable:.0%} of the queries another model would have been more accurate"
    )
