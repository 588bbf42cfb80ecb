"""Scores curves of quality over cost as R2-Router's tools write them: CSV with method, lambda, cost, performance."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from adrs.errors import UserError
from evaluators.routing import cost_curves
from evaluators.routing.files import Report, allow

_COLUMNS = ("method", "cost", "performance")


def score(options: Mapping[str, Any]) -> Report:
    """Score a file. Options: curve (a path), target (a quality), range (LO,HI in dollars). Raises UserError."""
    allow(options, {"curve", "target", "range"}, "budgeted-routing")
    path = options.get("curve")
    if path is None:
        raise UserError("adrs score budgeted-routing needs --curve FILE")
    curves = _read(path)
    span = _span(options.get("range"))
    common = span or cost_curves.own_range(np.concatenate([cost for cost, _ in curves.values()]))
    target = options.get("target")
    metrics: dict[str, Any] = {}
    notes = ["AUDC over each curve's own range of costs unless --range is given; QNC over the range common to all"]
    if target is None:
        notes.append("QNC's target is 0.9 of each curve's own peak; --target Q sets another")
    for name, (cost, quality) in curves.items():
        if len(np.unique(cost)) < len(cost):
            notes.append(f"{name} has tied costs: the official order of such points is not stable")
        metrics[f"{name}.audc"] = cost_curves.official_area(cost, quality, span)
        metrics[f"{name}.audc_dollars"] = cost_curves.dollar_area(cost, quality)
        metrics[f"{name}.qnc"] = cost_curves.first_reaching(cost, quality, target, common)
        metrics[f"{name}.peak"] = float(quality.max())
        metrics[f"{name}.points"] = len(cost)
    return Report(metrics, notes)


def _span(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise UserError(f'--range must read LO,HI in dollars, not "{text}"') from None
    if not low < high:
        raise UserError(f'--range must have LO below HI, not "{text}"')
    return low, high


def _read(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    points: dict[str, list[tuple[float, float]]] = {}
    for place, row in enumerate(rows, 2):
        if not set(_COLUMNS) <= set(row):
            raise UserError(f"{path}: line {place} lacks one of the columns {', '.join(_COLUMNS)}")
        try:
            point = float(row["cost"]), float(row["performance"])
        except (TypeError, ValueError):
            raise UserError(f"{path}: line {place}: cost and performance must be numbers") from None
        if not np.isfinite(point).all():
            raise UserError(f"{path}: line {place}: cost and performance must be finite")
        points.setdefault(row["method"], []).append(point)
    if not points:
        raise UserError(f"{path} holds no rows")
    return {name: (np.array(found)[:, 0], np.array(found)[:, 1]) for name, found in points.items()}
