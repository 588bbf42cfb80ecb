"""Scores curves of quality over cost as R2-Router's tools write them: CSV with method, lambda, cost, performance."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from adrs.errors import UserError
from evaluators.routing import cost_curves
from evaluators.routing.files import Record, Report, allow, read_text

_COLUMNS = ("method", "cost", "performance")


def score(options: Mapping[str, Any]) -> Report:
    """Score a file. Options: curve (a path), target (a quality), range (LO,HI in dollars). Raises UserError."""
    allow(options, {"curve", "target", "range"}, "budgeted-routing")
    path = options.get("curve")
    if path is None:
        raise UserError("adrs score budgeted-routing needs --curve FILE")
    curves = _read(path)
    span = _span(options.get("range"))
    target = Record(options, "adrs score").number("target", None, most=1.0)
    common = span or cost_curves.own_range(np.concatenate([cost for cost, _ in curves.values()]))
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
    ends = Record({"LO": low, "HI": high}, "--range")
    if not ends.number("LO") < ends.number("HI"):
        raise UserError(f'--range must have LO below HI, not "{text}"')
    return low, high


def _read(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    text = read_text(path)
    points: dict[str, list[tuple[float, float]]] = {}
    rows = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        if missing := [name for name in _COLUMNS if name not in (rows.fieldnames or ())]:
            raise UserError(
                f"{path}: line 1 names no column {', '.join(missing)}; it reads {text.partition(chr(10))[0]!r}"
            )
        for row in rows:
            point = _record(row, f"{path}: line {rows.line_num}")
            points.setdefault(point.key("method"), []).append(
                (point.number("cost"), point.number("performance", most=1.0))
            )
    except csv.Error as error:
        raise UserError(f"{path} cannot be read: line {rows.line_num}: {error}") from None
    if not points:
        raise UserError(f"{path} holds no rows")
    return {name: (np.array(found)[:, 0], np.array(found)[:, 1]) for name, found in points.items()}


def _record(row: dict[str, Any], where: str) -> Record:
    """A line with its numbers as numbers."""
    if None in row:
        raise UserError(f"{where} has more cells than line 1 names columns")
    return Record({**row, **{name: _value(row[name]) for name in ("cost", "performance")}}, where)


def _value(text: str | None) -> float | str | None:
    try:
        return text if text is None else float(text)
    except ValueError:
        return text
