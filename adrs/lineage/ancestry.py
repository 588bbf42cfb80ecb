"""The story of one program: each step that led to it, what it changed and what it gained."""

from collections.abc import Sequence
from dataclasses import dataclass

from adrs.lineage.diff import diff, sizes
from adrs.lineage.gain import gain
from adrs.lineage.said import Said, all_notes
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
    notes: tuple[Said, ...] = ()
    """What people said of it, the earliest first."""

    def diff(self) -> list[str]:
        """Unified diff to the parent; empty where there is none."""
        return diff(self.parent, self.program) if self.parent else []


def ancestry(reader: Reader, number: int) -> list[Step]:
    """The line of first parents from the first ancestor to one program. Raises UserError for an unknown number."""
    reader.program(number)
    programs = [reader.program(ancestor) for ancestor in line(reader, number)]
    found = all_notes(reader)
    pairs = zip([None, *programs], programs, strict=False)
    return [_step(parent, program, found.get(program.id, ())) for parent, program in pairs]


def _step(parent: Program | None, program: Program, notes: Sequence[Said]) -> Step:
    lines: Sequence[str] = diff(parent, program) if parent else ()
    added, removed = sizes(lines) if parent else (len(program.source.splitlines()), 0)
    return Step(program, parent, gain(program, parent), added, removed, tuple(notes))
