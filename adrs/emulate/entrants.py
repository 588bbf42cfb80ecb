"""Which programs are emulated."""

from collections.abc import Sequence
from pathlib import Path

from adrs import lineage
from adrs.assess import read_program
from adrs.emulate.report import Entrant
from adrs.errors import UserError
from adrs.store import Reader


def programs_of(reader: Reader, numbers: Sequence[int], top: int) -> list[Entrant]:
    """Programs of a run by number; without numbers the winner and those next to it, `top` in all."""
    if not numbers:
        winner = lineage.winner(reader)
        ranked = [*([winner] if winner is not None else []), *reader.best(top, "validation"), *reader.best(top)]
        numbers = list(dict.fromkeys(ranked))[:top]
    if not numbers:
        raise UserError(f"run {reader.folder.name} has no program with a result yet")
    return [Entrant(f"#{number}", reader.program(number).source) for number in numbers]


def programs_in(paths: Sequence[Path]) -> list[Entrant]:
    """Programs in files; names tell them apart. Raises UserError."""
    for path in paths:
        if path.suffix == ".json":
            raise UserError(f"{path} is no program; a rule's program is the rule.py beside its rule.json")
    names = [path.name for path in paths]
    return [Entrant(path.name if names.count(path.name) == 1 else str(path), read_program(path)) for path in paths]
