"""Which programs are emulated."""

from collections.abc import Sequence
from pathlib import Path

from adrs import lineage
from adrs.assess import read_program
from adrs.emulate.report import Entrant
from adrs.errors import UserError
from adrs.store import Reader

_WITHIN = 100  # best programs of a run, among which those that differ are looked for


def programs_of(reader: Reader, numbers: Sequence[int], top: int) -> list[Entrant]:
    """Programs of a run by number; without numbers the winner and those next to it, `top` in all, one of each score:
    programs that do the same would take their time and tell nothing.
    """
    numbers = numbers or _best(reader, top)
    if not numbers:
        raise UserError(f"run {reader.folder.name} has no program with a result yet")
    return [Entrant(f"#{number}", reader.program(number).source) for number in numbers]


def _best(reader: Reader, top: int) -> list[int]:
    winner = lineage.winner(reader)
    most = max(top, _WITHIN)
    ranked = [*([winner] if winner is not None else []), *reader.best(top, "validation"), *reader.best(most)]
    different: dict[float | None, int] = {}
    for number in ranked:
        different.setdefault(reader.program(number).fitness, number)
    return list(different.values())[:top]


def programs_in(paths: Sequence[Path]) -> list[Entrant]:
    """Programs in files; names tell them apart. Raises UserError."""
    for place, path in enumerate(paths):
        if any(path.resolve() == other.resolve() for other in paths[:place]):
            raise UserError(f"{path} is named twice, and would be measured twice and ranked against itself")
        if path.suffix == ".json":
            raise UserError(f"{path} is no program; a rule's program is the rule.py beside its rule.json")
    names = [path.name for path in paths]
    return [Entrant(path.name if names.count(path.name) == 1 else str(path), read_program(path)) for path in paths]
