"""Which operators found what was found."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from adrs.lineage.gain import difference, gain
from adrs.lineage.improvements import curve
from adrs.lineage.winner import line, winner
from adrs.store import Reader

_FIRST = 1
"""The seed program."""


@dataclass(frozen=True, slots=True)
class OperatorGain:
    """What came of one operator of one proposer."""

    proposer: str
    operator: str
    programs: int
    working: int
    """That ended `ok`."""
    better_than_parent: int
    improvements: int
    """That were the best so far when they came."""
    gained: float
    """What those added to the best so far: points of score, fitness where there is no scale. The very first program
    of the run adds nothing."""
    in_winner: int
    """Steps of the winner's line of first parents."""
    gained_in_winner: float
    """Sum of the gains of those steps over their parents; of one without a parent, such as a building block, over the
    seed program. Over all operators, how far the winner is above the seed program."""


def gains(reader: Reader, number: int | None = None) -> list[OperatorGain]:
    """All operators of the run, those first that gained most on the way to a program, by default the winner.

    The seed program's own is left out.
    """
    added: dict[tuple[str, str], float] = {}
    found: Counter[tuple[str, str]] = Counter()
    points = curve(reader).points
    for before, point in zip([None, *points], points, strict=False):
        operator = _operator(reader, point.program)
        found[operator] += 1
        added[operator] = added.get(operator, 0.0) + ((difference(point, before) or 0.0) if before else 0.0)
    steps, gained = _winning(reader, winner(reader) if number is None else number)
    rows = reader.rows(
        "SELECT p.proposer, p.operator, COUNT(*), SUM(e.verdict = 'ok'), SUM(COALESCE(e.fitness > f.fitness, 0))"
        " FROM program p"
        " LEFT JOIN evaluation e ON e.id = (SELECT MAX(id) FROM evaluation WHERE program = p.id AND split = 'train')"
        " LEFT JOIN parentage q ON q.child = p.id AND q.role = 'parent'"
        " LEFT JOIN evaluation f"
        " ON f.id = (SELECT MAX(id) FROM evaluation WHERE program = q.parent AND split = 'train')"
        " WHERE p.id > (SELECT MIN(id) FROM program) AND p.ticket > 0 GROUP BY 1, 2"
    )
    made = [
        OperatorGain(proposer, operator, count, working or 0, better or 0, found[proposer, operator],
                     added.get((proposer, operator), 0.0), steps[proposer, operator],
                     gained.get((proposer, operator), 0.0))
        for proposer, operator, count, working, better in rows
    ]  # fmt: skip
    return sorted(made, key=lambda each: (-each.gained_in_winner, -each.gained, -each.programs, each.operator))


def _winning(reader: Reader, number: int | None) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], float]]:
    """Steps and gains of a program's line, by operator."""
    steps: Counter[tuple[str, str]] = Counter()
    gained: dict[tuple[str, str], float] = {}
    if number is None:
        return steps, gained
    programs = reader.summaries([_FIRST, *(each for each in line(reader, number) if each != _FIRST)])
    for parent, program in pairwise(programs):
        operator = (program.proposer, program.operator)
        steps[operator] += 1
        gained[operator] = gained.get(operator, 0.0) + (gain(program, parent) or 0.0)
    return steps, gained


def _operator(reader: Reader, number: int) -> tuple[str, str]:
    proposer, operator = reader.rows("SELECT proposer, operator FROM program WHERE id = ?", number)[0]
    return proposer, operator
