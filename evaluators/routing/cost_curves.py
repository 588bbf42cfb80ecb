"""Curves of quality over cost, one point a price of money: the areas and crossings that routers are compared by.

Official formulas: R2-Router (arXiv 2602.02823, its repository's `eval_compare`). The extended areas are ours: the
official one is stretched by its own dearest point, and is not continued to the right over a common range.
"""

from dataclasses import dataclass

import numpy as np


def own_range(cost: np.ndarray) -> tuple[float, float]:
    """The extremes of a curve's costs."""
    return float(cost.min()), float(cost.max())


def official_positions(cost: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """(cost - lo) / (hi - lo), 0 where hi = lo."""
    low, high = span
    return (cost - low) / (high - low) if high != low else np.zeros(len(cost))


def official_area(cost: np.ndarray, quality: np.ndarray, span: tuple[float, float] | None = None) -> float:
    """AUDC: trapezoids of quality over normalised cost, in the order of numpy's default argsort of the costs."""
    order = np.argsort(cost)
    return float(np.trapezoid(quality[order], official_positions(cost, span or own_range(cost))[order]))


def dollar_area(cost: np.ndarray, quality: np.ndarray) -> float:
    """Trapezoids of quality over cost in dollars."""
    order = np.argsort(cost)
    return float(np.trapezoid(quality[order], cost[order]))


def first_reaching(
    cost: np.ndarray, quality: np.ndarray, target: float | None = None, span: tuple[float, float] | None = None
) -> float:
    """QNC: normalised cost of the first point, by cost, with quality >= target; 1.0 if there is none.

    target: by default 0.9 of the peak.
    """
    target = 0.9 * float(quality.max()) if target is None else target
    order = np.argsort(cost)
    enough = np.flatnonzero(quality[order] >= target)
    if not len(enough):
        return 1.0
    return float(official_positions(cost, span or own_range(cost))[order][enough[0]])


@dataclass(frozen=True)
class Anchors:
    """Costs of a workload that normalise its extended areas: they depend on no method."""

    least: float
    """Least mean cost of any fixed cell, dollars."""
    best: float
    """Mean cost of the most accurate single model without limit, dollars."""


def extended_area(cost: np.ndarray, quality: np.ndarray, anchors: Anchors) -> float:
    """Area over cost / best, see `area_to_one`."""
    return area_to_one(cost / anchors.best, cost, quality)


def extended_log_area(cost: np.ndarray, quality: np.ndarray, anchors: Anchors) -> float:
    """Area over ln(max(cost, least) / least) / ln(best / least), see `area_to_one`."""
    x = np.log(np.maximum(cost, anchors.least) / anchors.least) / np.log(anchors.best / anchors.least)
    return area_to_one(x, cost, quality)


def area_to_one(x: np.ndarray, cost: np.ndarray, quality: np.ndarray) -> float:
    """Area under the running maximum of quality over x in 0..1, the points ordered by (cost, quality).

    Nothing left of the first point, trapezoids between points, a segment that crosses 1 cut there, the last one flat.
    """
    order = np.lexsort((quality, cost))
    x, best = x[order], np.maximum.accumulate(quality[order])
    if x[0] >= 1.0:
        return 0.0
    inside = x < 1.0
    last = int(inside.sum()) - 1
    area = float(np.trapezoid(best[inside], x[inside]))
    if last + 1 < len(x):
        share = (1.0 - x[last]) / (x[last + 1] - x[last])
        end = best[last] + share * (best[last + 1] - best[last])
        return area + float((1.0 - x[last]) * (best[last] + end) / 2)
    return area + float((1.0 - x[last]) * best[last])
