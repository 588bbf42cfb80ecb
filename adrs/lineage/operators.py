"""Which operators made the winner: gains by operator, of the whole run and along the winning line."""

from collections.abc import Sequence
from dataclasses import dataclass

from adrs.store import Summary


@dataclass
class Credit:
    """What one operator of one proposer did. Gains are in points of score, in fitness where there is no scale."""

    proposer: str
    operator: str
    programs: int = 0
    """That it made, failed and rejected ones included."""
    improvements: int = 0
    """Programs of its that were better than all before them."""
    gain: float = 0.0
    """Sum of those improvements; over all operators, how far the best is above the seed program."""
    steps: int = 0
    """Of the winning line."""
    line_gain: float = 0.0
    """Sum of these steps' gains over their parents; over all operators, how far the winner is above the seed program.

    A program without a parent, such as a building block, is compared with the seed program.
    """


def credit(summaries: Sequence[Summary], winner: int | None) -> list[Credit]:
    """Operators by what they gained along the winning line, then overall; the seed program's own is left out."""
    by_id = {summary.id: summary for summary in summaries}
    found: dict[tuple[str, str], Credit] = {}

    def of(summary: Summary) -> Credit:
        key = summary.proposer, summary.operator
        return found.setdefault(key, Credit(*key))

    first = summaries[0] if summaries else None
    start = None if first is None else _value(first)
    best = start
    for summary in summaries[1:]:
        made = of(summary)
        made.programs += 1
        value = _value(summary)
        if value is not None and (best is None or value > best):
            made.improvements += 1
            made.gain += value - (value if best is None else best)
            best = value
    step = by_id.get(winner) if winner is not None else None
    while step is not None and step is not first:
        parent = by_id.get(step.parent) if step.parent is not None else None
        before = start if parent is None else _value(parent)
        value = _value(step)
        made = of(step)
        made.steps += 1
        made.line_gain += 0.0 if value is None or before is None else value - before
        step = parent
    return sorted(found.values(), key=lambda each: (-each.line_gain, -each.gain, -each.programs, each.operator))


def _value(summary: Summary) -> float | None:
    """What gains are counted in; None for what cannot be a parent. A duplicate has a score, but no fitness."""
    if summary.fitness is None:
        return None
    return summary.fitness if summary.score is None else summary.score
