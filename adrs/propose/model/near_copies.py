"""Inspirations that are nearly the same as what a prompt shows already: told by what differs, not once more in full."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from adrs.program import Program
from adrs.propose.model.text import clean

_MOST_SHARE = 0.5
"""Of a source that its differences may take."""
_MOST_COMPARED = 40_000
"""Characters of a source that is compared: the time that it takes grows faster than its length."""


@dataclass(frozen=True, slots=True)
class Told:
    """A program as a prompt tells it."""

    program: Program
    text: str
    """Its source, or a unified diff without its head."""
    differs_from: int | None
    """Number of the program that the diff is of; None for a source."""


def tell(base: Program, programs: Sequence[Program]) -> tuple[Told, ...]:
    """Each program by its source, or by how it differs from `base` or an earlier one whose source is told."""
    whole, told = [base], []
    for program in programs:
        source = clean(program.source)
        diffs = [(_diff(clean(other.source), source), other.id) for other in whole]
        shortest, number = min(diffs, key=lambda diff: len(diff[0]))
        near = 0 < len(shortest) < _MOST_SHARE * len(source)
        told.append(Told(program, shortest, number) if near else Told(program, source, None))
        if not near:
            whole.append(program)
    return tuple(told)


def _diff(before: str, after: str) -> str:
    if max(len(before), len(after)) > _MOST_COMPARED:
        return after
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return "\n".join(list(lines)[2:])
