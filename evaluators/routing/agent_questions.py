"""Rows of TwinRouterBench's question bank (arXiv 2605.18859): which call of which run a question is, and its label."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.routing import tiers
from evaluators.routing.agent_accounting import Facts
from evaluators.routing.files import Record


@dataclass(frozen=True)
class Question:
    """One recorded call, without its text; the fields have the names of the file's."""

    benchmark: str
    instance_id: str
    step_index: int
    gold_tier_id: int


def read(row: Record) -> Question:
    """A row; one without an instance is its own, one without a step the first. Raises UserError."""
    return Question(
        row.text("benchmark", ""), row.key("instance_id", "id"), row.count("step_index", 1), tier(row, "gold_tier_id")
    )  # fmt: skip


def facts(questions: Sequence[Question], prompt: np.ndarray, prefix: np.ndarray, output: np.ndarray) -> Facts:
    """Questions with their token facts; arrays as in `Facts`."""
    return Facts(
        [each.instance_id for each in questions], [each.benchmark for each in questions],
        np.array([each.step_index for each in questions]), np.array([each.gold_tier_id for each in questions]),
        prompt, prefix, output,
    )  # fmt: skip


def tier(row: Record, name: str) -> int:
    """A tier by number or name. Raises UserError."""
    return row.field(name, _tier, f"a tier: 0 to {tiers.HIGH}, or one of {', '.join(tiers.NAMES)}")


def _tier(value: Any) -> int | None:
    if isinstance(value, str) and value in tiers.NAMES:
        return tiers.NAMES.index(value)
    return value if type(value) is int and 0 <= value <= tiers.HIGH else None
