"""The story of one program: each step that led to it, what it changed and what it gained."""

from collections.abc import Sequence
from dataclasses import dataclass

from adrs.lineage.diff import diff, sizes
from adrs.lineage.gain import gain
from adrs.lineage.winner import line
from adrs.program import Program
from adrs.store import Reader


@dataclass(frozen=True)
class Step:
    """One step of an ancestry."""

    program: Program
    parent: Program | None
    gain: float | None
    """Score over the parent's, fitness where there is no scale; None where either has none."""
    added: int
    removed: int
    """Lines of the diff to the parent; of a program without one, all its lines."""

    def diff(self) -> list[str]:
        """Unified diff to the parent; empty where there is none."""
        return diff(self.parent, self.program) if self.parent else []


def ancestry(reader: Reader, number: int) -> list[Step]:
    """The line of first parents from the first ancestor to one program. Raises UserError for an unknown number."""
    reader.program(number)
    programs = [reader.program(ancestor) for ancestor in line(reader, number)]
    return [_step(parent, program) for parent, program in zip([None, *programs], programs, strict=False)]


def _step(parent: Program | None, program: Program) -> Step:
    lines: Sequence[str] = diff(parent, program) if parent else ()
    added, removed = sizes(lines) if parent else (len(program.source.splitlines()), 0)
    return Step(program, parent, gain(program, parent), added, removed)
