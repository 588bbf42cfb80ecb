"""Reading of files that somebody else wrote: what is wrong with one is a sentence that names the row."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adrs.errors import UserError

Row = dict[str, Any]


@dataclass
class Report:
    """What a file scores."""

    metrics: dict[str, Any]
    """By the official names; None where a metric does not exist."""
    notes: list[str] = field(default_factory=list)
    """What was ignored, guessed or missing."""

    def plain(self) -> dict[str, Any]:
        """As plain data, infinities as text."""
        return {**{name: _finite(value) for name, value in self.metrics.items()}, "notes": self.notes}


def _finite(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def allow(options: Mapping[str, Any], known: set[str], what: str) -> None:
    """Raise UserError for an option that is given and means nothing here."""
    for name, value in options.items():
        if value not in (None, False) and name not in known:
            raise UserError(f"--{name.replace('_', '-')} has no meaning for {what}")


def read_rows(path: Path) -> list[Row]:
    """A JSON list of objects, JSON Lines, or an object whose `rows` are such a list. Raises UserError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    try:
        data = json.loads(text)
        if isinstance(data, dict) and isinstance(data.get("rows"), list):
            data = data["rows"]
        rows = data if isinstance(data, list) else [data]
    except ValueError:
        rows = _lines(path, text)
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise UserError(f"{path}: row {number} is no object but {type(row).__name__}")
    return rows


def _lines(path: Path, text: str) -> list[Any]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise UserError(f"{path}: line {number} is no JSON: {error}") from None
    return rows


def read_object(path: Path) -> Row:
    """One JSON object. Raises UserError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise UserError(f"{path} holds no object")
    return data


def number(row: Mapping[str, Any], name: str, where: str) -> float | None:
    """A finite number, or None where the row has none. Raises UserError for anything else."""
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UserError(f"{where}: {name} is no finite number: {str(value)[:40]!r}")
    return float(value)
