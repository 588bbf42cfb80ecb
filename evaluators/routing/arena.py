"""Metrics of choosing one model a query, as RouterArena computes them (arXiv 2510.00202, its repository's scorer).

Amounts are US dollars. What the official scorer leaves open, or divides 0 by 0, is said where it is decided here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

BETA = 0.1
"""Weight of cost against accuracy in the harmonic mean; there is no other constant."""
LEAST_COST, MOST_COST = 0.0044, 200.0
"""Dollars for 1,000 queries that count as free and as ruinous."""

ALIASES = {
    name: name.partition("/")[2]
    for name in (
        "anthropic/claude-sonnet-4", "anthropic/claude-haiku-4-5-20251001", "deepseek/deepseek-chat",
        "deepseek/deepseek-reasoner", "google/gemini-2.5-flash", "google/gemini-2.5-flash-lite", "openai/gpt-4o-mini",
        "openai/gpt-5-mini", "alibaba/qwen3-235b-a22b-instruct-2507", "alibaba/qwen3-30b-a3b-instruct-2507",
    )
}  # fmt: skip

Version = Literal["v1", "v2"]


def cost_per_thousand(costs: Sequence[float | None] | np.ndarray, rows: int) -> float:
    """Dollars for 1,000 queries: zero and missing costs drop out of the sum, not of the number of rows."""
    return 1000.0 * math.fsum(cost for cost in costs if cost is not None and cost > 0) / rows if rows else 0.0


def arena_score(accuracy: float, cost: float, clamped: bool = True) -> float | None:
    """(1 + b) A C / (b A + C), with C the normalised logarithm of `cost` dollars for 1,000 queries; in 0..1.

    None where the official scorer has "no cost": cost <= 0, or an accuracy outside 0..1. Without clamps, as the second
    official file computes it, C exceeds 1 below LEAST_COST. Where accuracy and C are both 0 the score is 0.
    """
    if not cost > 0 or not 0 <= accuracy <= 1:
        return None
    if clamped:
        cost = min(MOST_COST, max(LEAST_COST, cost))
    saved = (math.log2(MOST_COST) - math.log2(cost)) / (math.log2(MOST_COST) - math.log2(LEAST_COST))
    weight = BETA * accuracy + saved
    return (1 + BETA) * accuracy * saved / weight if weight != 0 else 0.0


def arena_scores(accuracy: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """The clamped score of many points at once; a cost of 0 counts as LEAST_COST."""
    cost = np.clip(cost, LEAST_COST, MOST_COST)
    saved = np.log2(MOST_COST / cost) / np.log2(MOST_COST / LEAST_COST)
    weight = BETA * accuracy + saved
    score: np.ndarray = np.where(weight > 0, (1 + BETA) * accuracy * saved / np.where(weight > 0, weight, 1.0), 0.0)
    return score


def canonical(name: str) -> str:
    """A model's name after the alias table; an unknown one as it is."""
    return ALIASES.get(name, name)


@dataclass(frozen=True)
class Candidates:
    """One query: what the router picked, and what each model would have given, in file order."""

    pick: str
    accuracy: float | None
    cost: float | None
    others: Sequence[tuple[str, float, float]]
    """Name, accuracy and cost; a later duplicate overwrites the value and keeps the place."""


@dataclass(frozen=True)
class Optimality:
    """How near the picks come to the cheapest right model."""

    selection: float
    cost_ratio: float
    accuracy_ratio: float
    queries: int


def optimality(queries: Sequence[Candidates], version: Version = "v2") -> Optimality:
    """RouterArena's optimality. v2: official since 2026-05-19; v1, before, leaves out queries the router got wrong.

    The optimum of a query is the cheapest model that is right; on a tie the router's pick, then file order.
    """
    picked = counted = 0
    reached, best, optimal_cost, router_cost = [0.0], [0.0], [0.0], [0.0]
    for query in queries:
        found = _optimum(query)
        if found is None or query.accuracy is None or query.cost is None:
            continue
        if (query.accuracy == 0 and query.cost == 0) or (version == "v1" and query.accuracy < 1):
            continue
        name, accuracy, cost = found
        counted += 1
        right = query.accuracy >= 1.0
        picked += right and name == canonical(query.pick)
        reached.append(query.accuracy)
        best.append(accuracy)
        if right and (version == "v2" or query.cost != 0):
            optimal_cost.append(cost)
            router_cost.append(query.cost)
    return Optimality(
        picked / counted if counted else 0.0, _ratio(optimal_cost, router_cost), _ratio(reached, best), counted
    )


def _ratio(above: Sequence[float], below: Sequence[float]) -> float:
    bottom = math.fsum(below)
    return math.fsum(above) / bottom if bottom else 0.0


def _optimum(query: Candidates) -> tuple[str, float, float] | None:
    table: dict[str, tuple[float, float]] = {}
    if query.accuracy is not None and query.cost is not None:
        table[canonical(query.pick)] = (query.accuracy, query.cost)
    for name, accuracy, cost in query.others:
        table[canonical(name)] = (accuracy, cost)
    right = [(cost, name, accuracy) for name, (accuracy, cost) in table.items() if accuracy >= 1.0]
    if not right:
        return None
    cost, name, accuracy = min(right, key=lambda entry: entry[0])
    return name, accuracy, cost


def robustness(regular: Mapping[str, str], twins: Sequence[tuple[str, str]]) -> float | None:
    """1 - flips / matched: share of noisy twins that get the model of their query.

    regular: model by query. twins: query and model; those without a match, or without a name, do not count. None if
    none matches.
    """
    matched = [(regular[query], model) for query, model in twins if regular.get(query) and model]
    if not matched:
        return None
    return 1.0 - sum(canonical(left) != canonical(right) for left, right in matched) / len(matched)


def average_improvement(cost: np.ndarray, quality: np.ndarray, most: float | None = None) -> float:
    """AIQ of RouterBench (arXiv 2403.12031, section 4): area under the non-decreasing concave hull of the points.

    cost, quality: float64[points]. The hull is extended flat to `most` (by default the dearest point), the area is
    taken from its first point on and divided by `most`.
    """
    most = float(cost.max()) if most is None else most
    hull = concave_hull(cost, quality)
    x, y = [float(cost[point]) for point in hull], [float(quality[point]) for point in hull]
    x.append(most)
    y.append(y[-1])
    return float(np.trapezoid(y, x) / most)


def concave_hull(cost: np.ndarray, quality: np.ndarray) -> list[int]:
    """Indices of the vertices of the upper concave non-decreasing hull, by cost ascending."""
    order = np.lexsort((-quality, cost))
    hull: list[int] = []
    for point in order.tolist():
        if hull and quality[point] <= quality[hull[-1]]:
            continue
        while len(hull) >= 2 and _below(cost, quality, hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _below(cost: np.ndarray, quality: np.ndarray, left: int, middle: int, right: int) -> bool:
    rise = (quality[middle] - quality[left]) * (cost[right] - cost[left])
    return bool(rise <= (quality[right] - quality[left]) * (cost[middle] - cost[left]))


def upper_bound(accuracy: np.ndarray, cost: np.ndarray) -> float:
    """An arena score that no choice of models can beat. accuracy, cost: float64[queries, models].

    Any reachable (accuracy, cost) lies below the hull of the choices that maximise a - w cost, so between two of its
    vertices it is at most as accurate as the dearer and at least as dear as the cheaper.
    """
    points = [choice_point(accuracy, cost, best_at(accuracy, cost, weight)) for weight in _WEIGHTS]
    a, c = np.array(points).T
    hull = concave_hull(c, a)
    dearer = [*hull[1:], hull[-1]]
    return float(arena_scores(a[dearer], c[hull]).max())


_WEIGHTS = (0.0, *np.logspace(-1, 6, 200).tolist(), math.inf)


def best_at(accuracy: np.ndarray, cost: np.ndarray, weight: float) -> np.ndarray:
    """int64[queries]: the model with the largest accuracy - weight x cost; ties to the cheaper, or more accurate."""
    if weight == 0:
        key = np.lexsort((cost, -accuracy), axis=1)
    elif math.isinf(weight):
        key = np.lexsort((-accuracy, cost), axis=1)
    else:
        key = np.argsort(weight * cost - accuracy, axis=1, kind="stable")
    first: np.ndarray = key[:, 0]
    return first


def choice_point(accuracy: np.ndarray, cost: np.ndarray, choice: np.ndarray) -> tuple[float, float]:
    """Mean accuracy and dollars for 1,000 queries of a choice, int64[queries]."""
    rows = np.arange(len(choice))
    return float(accuracy[rows, choice].mean()), float(1000 * cost[rows, choice].mean())


def oracle(accuracy: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """int64[queries]: the cheapest model that is right; where none is, the cheapest."""
    right = accuracy >= 1.0
    choice: np.ndarray = np.where(right.any(axis=1, keepdims=True) & ~right, np.inf, cost).argmin(axis=1)
    return choice


def oracle_by_accuracy(accuracy: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """int64[queries]: the most accurate model, the cheapest of those."""
    return best_at(accuracy, cost, 0.0)
