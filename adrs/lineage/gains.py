"""Which operators, and which models, found what was found."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

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


@dataclass(frozen=True, slots=True)
class ModelGain:
    """What came of one model, and what its calls cost."""

    model: str
    programs: int
    working: int
    """That ended `ok`."""
    better_than_parent: int
    improvements: int
    """That were the best so far when they came."""
    gained: float
    """What those added to the best so far: points of score, fitness where there is no scale."""
    usd: float


def model_gains(reader: Reader) -> list[ModelGain]:
    """All models that were asked, those first that gained most; empty for a run without models."""
    found, added = _added(reader, "model")
    counts = {model: (programs, working, better) for model, programs, working, better in _counted(reader, "p.model")}
    cost = dict(reader.rows("SELECT model, SUM(usd) FROM model_call GROUP BY model"))
    made = [
        ModelGain(model, *counts.get(model, (0, 0, 0)), found[(model,)], added.get((model,), 0.0), cost.get(model, 0.0))
        for model in {*counts, *cost} if model
    ]  # fmt: skip
    return sorted(made, key=lambda each: (-each.gained, -each.programs, each.model))


def gains(reader: Reader, number: int | None = None) -> list[OperatorGain]:
    """All operators of the run, those first that gained most on the way to a program, by default the winner.

    The seed program's own is left out.
    """
    found, added = _added(reader, "proposer, operator")
    steps, gained = _winning(reader, winner(reader) if number is None else number)
    made = [
        OperatorGain(proposer, operator, count, working, better, found[proposer, operator],
                     added.get((proposer, operator), 0.0), steps[proposer, operator],
                     gained.get((proposer, operator), 0.0))
        for proposer, operator, count, working, better in _counted(reader, "p.proposer, p.operator")
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


def _added(reader: Reader, names: str) -> tuple[Counter[tuple[str, ...]], dict[tuple[str, ...], float]]:
    """By what a program's columns say of where it came from: improvements, and what they added to the best so far."""
    added: dict[tuple[str, ...], float] = {}
    found: Counter[tuple[str, ...]] = Counter()
    points = curve(reader).points
    for before, point in zip([None, *points], points, strict=False):
        (made_by,) = reader.rows(f"SELECT {names} FROM program WHERE id = ?", point.program)
        found[made_by] += 1
        added[made_by] = added.get(made_by, 0.0) + ((difference(point, before) or 0.0) if before else 0.0)
    return found, added


def _counted(reader: Reader, names: str) -> list[tuple[Any, ...]]:
    """By the same: programs, those that ended `ok`, and those better than their parents; not of the seed program."""
    return reader.rows(
        f"SELECT {names}, COUNT(*), COALESCE(SUM(e.verdict = 'ok'), 0), SUM(COALESCE(e.fitness > f.fitness, 0))"
        " FROM program p"
        " LEFT JOIN evaluation e ON e.id = (SELECT MAX(id) FROM evaluation WHERE program = p.id AND split = 'train')"
        " LEFT JOIN parentage q ON q.child = p.id AND q.role = 'parent'"
        " LEFT JOIN evaluation f"
        " ON f.id = (SELECT MAX(id) FROM evaluation WHERE program = q.parent AND split = 'train')"
        f" WHERE p.id > (SELECT MIN(id) FROM program) AND p.ticket > 0 GROUP BY {names}"
    )
