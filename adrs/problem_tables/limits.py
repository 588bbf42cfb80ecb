"""Reads the table `[limits]` of a problem: what one policy process may use."""

from typing import Any

from adrs.errors import UserError
from adrs.problem_records import Limits
from adrs.strict_toml import Table

OF_SHARED = Limits(
    decision_seconds=300.0, start_seconds=60.0, memory_mb=2048, scratch_mb=256, output_kb=20, answer_mb=4, processes=32
)  # fmt: skip
"""Where a shared evaluator's problem says nothing: what such evaluators are used to. Five minutes is OpenEvolve's."""


def read_limits(table: Table, defaults: Limits) -> Limits:
    """The limits, of which those that are not there are as in `defaults`. Raises UserError."""
    values: dict[str, Any] = {}
    for name in ("decision_seconds", "evaluation_seconds", "evaluator_seconds", "start_seconds"):
        values[name] = _positive(table, name, float, defaults)
    for name in ("memory_mb", "scratch_mb", "output_kb", "answer_mb", "source_kb", "literals_kb"):
        values[name] = _positive(table, name, int, defaults)
    if defaults.processes:
        values["processes"] = _positive(table, "processes", int, defaults)
    values["imports"] = table.strings("imports")
    table.finish()
    return Limits(**values)


def _positive(table: Table, name: str, kind: type, defaults: Limits) -> Any:
    value = table.take(name, kind, getattr(defaults, name))
    if value <= 0:
        raise UserError(f"{table.file}: {table.path(name)} must be above 0, not {value}")
    return value
