"""Programs that somebody looks for: by how they ended, who made them and what is said of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from adrs.errors import UserError, did_you_mean
from adrs.lineage.failures import verdicts
from adrs.lineage.gain import gain
from adrs.store import Reader, Summary

ORDERS: Mapping[str, str] = {
    "best": "COALESCE(e.verdict, 'rejected') = 'rejected', e.fitness IS NULL, e.fitness DESC, p.id",
    "latest": "p.id DESC",
    "first": "p.id",
}
"""Duplicates have the fitness of their originals, so that among the best they come after all others."""
_LATEST = "SELECT MAX(id) FROM evaluation WHERE program = p.id AND split = 'train'"


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; empty texts ask for nothing."""

    verdict: str = ""
    made_by: str = ""
    """Name of an operator, a proposer or a model."""
    text: str = ""
    """In the rationale or in the reason of failure, upper and lower case of ASCII alike."""
    order: str = "best"
    """One of `ORDERS`."""


@dataclass(frozen=True, slots=True)
class Match:
    """A program that was found."""

    program: Summary
    gain: float | None
    """Over its parent; see `lineage.gain`."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Some of the programs that were found."""

    programs: tuple[Match, ...]
    count: int
    """Of all that match."""


def matching(reader: Reader, sought: Sought, limit: int = 50, offset: int = 0) -> Matches:
    """Programs that match all that is asked for. Raises UserError for a verdict, maker or order that the run lacks."""
    _check(reader, sought)
    conditions, values = ["1"], list[str]()
    if sought.verdict:
        conditions.append("COALESCE(e.verdict, 'pending') = ?")
        values.append(sought.verdict)
    if sought.made_by:
        conditions.append("? IN (p.operator, p.proposer, p.model)")
        values.append(sought.made_by)
    if sought.text:
        conditions.append("instr(lower(p.rationale || char(10) || COALESCE(e.reason, '')), lower(?))")
        values.append(sought.text)
    found = f"FROM program p LEFT JOIN evaluation e ON e.id = ({_LATEST}) WHERE {' AND '.join(conditions)}"
    count = reader.rows(f"SELECT COUNT(*) {found}", *values)[0][0]
    rows = reader.rows(f"SELECT p.id {found} ORDER BY {ORDERS[sought.order]} LIMIT ? OFFSET ?", *values, limit, offset)
    programs = _by_number(reader, [number for (number,) in rows])
    parents = _by_number(reader, [each.parent for each in programs.values() if each.parent is not None])
    listed = [programs[number] for (number,) in rows]
    return Matches(tuple(Match(each, gain(each, parents.get(each.parent or 0))) for each in listed), count)


def makers(reader: Reader) -> list[str]:
    """Names of all operators, proposers and models that made programs of a run."""
    rows = reader.rows("SELECT DISTINCT operator, proposer, model FROM program")
    return sorted({name for row in rows for name in row if name})


def _by_number(reader: Reader, numbers: list[int]) -> dict[int, Summary]:
    return {each.id: each for each in reader.summaries(sorted(set(numbers)))}


def _check(reader: Reader, sought: Sought) -> None:
    for what, name, known in (
        ("verdict", sought.verdict, list(verdicts(reader))),
        ("maker", sought.made_by, makers(reader)),
        ("order", sought.order, list(ORDERS)),
    ):
        if name and name not in known:
            raise UserError(f'no program of run {reader.info.name} has the {what} "{name}"{did_you_mean(name, known)}')
