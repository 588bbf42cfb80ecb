"""Which expression takes a key's place: by what the program scores with it, then by how alike the order is."""

from collections.abc import Sequence

from adrs.distill.minimise.tolerance import Mode
from adrs.distill.priority.scoring import CONTROL, Scored

ALIKE = 0.95
"""Agreement of what `preserve` takes for the same priority: with the score alone, a search for what is the same would
be one for what is better. `improve` asks for the score alone."""


def chosen(found: Sequence[Scored], nodes: int, mode: Mode) -> Scored | None:
    """Of programs that score no lower and are smaller than so many nodes, the one whose order is most alike, to three
    digits; of equals the smallest, then the first. None where there is none. Rule lists are never chosen.
    """
    smaller = [each for each in _held(found, mode) if (each.row.nodes or 0) < nodes]
    return max(smaller, key=lambda each: (round(each.order.agreement, 3), -(each.row.nodes or 0)), default=None)


def why_none(found: Sequence[Scored], mode: Mode) -> str:
    """A sentence for where none is chosen."""
    if _held(found, mode):
        return "expressions that score as well in a key's place are no shorter than the key."
    if _held(found, "improve"):
        return "expressions that score as well order otherwise than the key: see --mode improve."
    best = max(found, key=lambda each: each.order.agreement)
    return f"no expression in a key's place scores as well; with the most alike, {best.lost}."


def _held(found: Sequence[Scored], mode: Mode) -> list[Scored]:
    least = ALIKE if mode == "preserve" else 0.0
    return [each for each in found if not each.lost and each.row.kind != CONTROL and each.order.agreement >= least]
