"""Questions asked of the log: who came from whom, what changed, what it gained. The one place; others only draw."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

from adrs.program import SPLITS, Program, Split, WorkloadResult
from adrs.store import Reader, Summary


@dataclass
class Node:
    """A program in the tree of first parents."""

    summary: Summary
    gain: float | None
    """Score over the parent's, fitness where there is no scale; None where either has none."""
    children: list["Node"] = field(default_factory=list)
    folded: int = 0
    """Descendants that are not shown, since none of them improved on what came before."""


@dataclass(frozen=True)
class Step:
    """One step of an ancestry."""

    program: Program
    parent: Program | None
    gain: float | None
    added: int
    removed: int
    """Lines of the diff to the parent."""


def tree(summaries: Sequence[Summary], everything: bool = False, winner: int | None = None) -> list[Node]:
    """Roots of the tree. Unless `everything`, only the winner, what improved on all before it, and their ancestors."""
    by_id = {summary.id: summary for summary in summaries}
    shown = set(by_id) if everything else _improvements(summaries, by_id)
    while winner is not None and winner in by_id:
        shown.add(winner)
        winner = by_id[winner].parent
    nodes: dict[int, Node] = {}
    roots: list[Node] = []
    for summary in summaries:  # parents come before children
        parent = summary.parent
        if summary.id in shown:
            nodes[summary.id] = Node(summary, _gain(summary, None if parent is None else by_id.get(parent)))
            if parent in nodes:
                nodes[parent].children.append(nodes[summary.id])
            else:
                roots.append(nodes[summary.id])
        else:
            ancestor = parent
            while ancestor is not None and ancestor not in nodes:
                ancestor = by_id[ancestor].parent
            if ancestor is not None:
                nodes[ancestor].folded += 1
    return roots


def _improvements(summaries: Sequence[Summary], by_id: dict[int, Summary]) -> set[int]:
    """Programs that were the best so far when they came, and all their ancestors."""
    best: float | None = None
    shown: set[int] = set()
    for summary in summaries:
        if summary.fitness is None or (best is not None and summary.fitness <= best):
            continue
        best = summary.fitness
        walker: int | None = summary.id
        while walker is not None and walker not in shown:
            shown.add(walker)
            walker = by_id[walker].parent
    return shown


def winner(reader: Reader) -> int | None:
    """The program chosen on `validation`, while nothing was told since; else the best on `train` so far, if any."""
    query = "SELECT MAX(CASE kind WHEN 'chosen' THEN id END), MAX(CASE kind WHEN 'told' THEN id END) FROM event"
    chosen, told = reader.rows(f"{query} WHERE kind IN ('chosen', 'told')")[0]
    if chosen is not None and chosen > (told or 0):
        number: int = reader.events("chosen")[-1][1]["winner"]
        return number
    return next(iter(reader.best(1)), None)


def scores(reader: Reader, number: int | None) -> dict[Split, float | None]:
    """Scores of a program on each split and on fresh workloads; None where it was not measured or has no scale."""
    splits: tuple[Split, ...] = (*SPLITS, "fresh")
    found = {split: None if number is None else reader.evaluation(number, split) for split in splits}
    return {split: evaluation.score if evaluation else None for split, evaluation in found.items()}


def ancestry(reader: Reader, number: int) -> list[Step]:
    """The line of first parents from the seed program to one program."""
    line: list[Program] = []
    walker: int | None = number
    while walker is not None:
        program = reader.program(walker)
        line.append(program)
        walker = program.parents[0].id if program.parents else None
    line.reverse()
    steps = []
    for parent, program in zip([None, *line[:-1]], line, strict=True):
        added, removed = _sizes(diff(parent, program)) if parent else (len(program.source.splitlines()), 0)
        steps.append(Step(program, parent, _gain(program, parent), added, removed))
    return steps


def diff(before: Program, after: Program) -> list[str]:
    """Unified diff of two programs' sources, without line ends."""
    names = (f"program {before.id}", f"program {after.id}")
    return list(difflib.unified_diff(before.source.splitlines(), after.source.splitlines(), *names, lineterm=""))


def by_workload(before: Program, after: Program) -> list[tuple[str, WorkloadResult | None, WorkloadResult | None]]:
    """Results of two programs side by side, by workload."""
    left = {result.name: result for result in before.evaluation.workloads} if before.evaluation else {}
    right = {result.name: result for result in after.evaluation.workloads} if after.evaluation else {}
    return [(name, left.get(name), right.get(name)) for name in dict.fromkeys([*left, *right])]


def _sizes(lines: Sequence[str]) -> tuple[int, int]:
    body = lines[2:]
    return sum(line.startswith("+") for line in body), sum(line.startswith("-") for line in body)


def _gain(program: Program | Summary, parent: Program | Summary | None) -> float | None:
    if parent is None:
        return None
    if program.score is not None and parent.score is not None:
        return program.score - parent.score
    if program.score is not None or parent.score is not None or program.fitness is None or parent.fitness is None:
        return None
    return program.fitness - parent.fitness
