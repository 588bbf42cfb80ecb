"""The tree of first parents: what is shown of it, and how many are folded away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adrs.lineage.gain import gain
from adrs.lineage.improvements import improvements
from adrs.lineage.winner import winner
from adrs.store import Reader, Summary


@dataclass(frozen=True, slots=True)
class Node:
    """A program in the tree."""

    program: Summary
    parent: int | None
    """The program it hangs on; None for a root."""
    gain: float | None
    """Score over that of its parent, fitness where there is no scale; None where either has none."""
    improved: bool
    """Whether it was the best so far when it came."""
    folded: int
    """Descendants that are not shown, since none of them led to what is."""
    hidden_children: int
    """Children that are not shown."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Shown programs: parents before their children, the children of one parent in the order of their numbers."""

    nodes: tuple[Node, ...]
    programs: int
    """Of the whole run."""
    winner: int | None
    folded_roots: int = 0
    """Programs that are not shown and hang on none that is."""


def tree(reader: Reader, everything: bool = False) -> Tree:
    """The whole tree, or what improved on all before it, the winner, what was distilled, and all their ancestors."""
    chosen = winner(reader)
    better = {program for _, program, _ in improvements(reader)}
    edges = reader.first_parents()
    parent = dict(edges)
    if everything:
        shown = {number for (number,) in reader.rows("SELECT id FROM program")}
    else:
        first = reader.rows("SELECT MIN(id) FROM program")[0][0]
        shown = _with_ancestors(
            [*better, *reader.distilled(), *(number for number in (chosen, first) if number is not None)], parent
        )
    folded, hidden = _folded(edges, shown)
    nodes = _nodes(reader.summaries(None if everything else sorted(shown)), parent, better, folded, hidden)
    count = reader.count()
    outside = count - len(nodes) - sum(node.folded for node in nodes)
    return Tree(tuple(_in_order(nodes)), count, chosen, outside)


def children(reader: Reader, number: int, offset: int = 0, limit: int = 100) -> Tree:
    """Some children of a program, in the order of their numbers, each with the count of all its descendants."""
    rows = reader.rows(
        "SELECT child FROM parentage WHERE parent = ? AND role = 'parent' ORDER BY child LIMIT ? OFFSET ?",
        number, limit, offset,
    )  # fmt: skip
    shown = {number, *(child for (child,) in rows)}
    edges = reader.first_parents()
    better = {program for _, program, _ in improvements(reader)}
    folded, hidden = _folded(edges, shown)
    nodes = _nodes(reader.summaries(sorted(shown)), dict(edges), better, folded, hidden)
    return Tree(tuple(node for node in nodes if node.program.id != number), reader.count(), winner(reader))


def _with_ancestors(numbers: Iterable[int], parent: dict[int, int]) -> set[int]:
    shown: set[int] = set()
    for number in numbers:
        walker: int | None = number
        while walker is not None and walker not in shown:
            shown.add(walker)
            walker = parent.get(walker)
    return shown


def _folded(edges: Sequence[tuple[int, int]], shown: set[int]) -> tuple[dict[int, int], dict[int, int]]:
    """For each shown program, how many that are not hang on it, directly or not; and how many directly."""
    anchor: dict[int, int] = {}
    folded, hidden = dict.fromkeys(shown, 0), dict.fromkeys(shown, 0)
    for child, parent in edges:  # a parent comes before its children
        if child in shown:
            continue
        if parent in shown:
            found = parent
            hidden[parent] += 1
        elif parent in anchor:
            found = anchor[parent]
        else:
            continue
        anchor[child] = found
        folded[found] += 1
    return folded, hidden


def _nodes(
    summaries: Sequence[Summary], parent: dict[int, int], better: set[int], folded: dict[int, int],
    hidden: dict[int, int],
) -> list[Node]:  # fmt: skip
    by_id = {summary.id: summary for summary in summaries}
    made = []
    for summary in summaries:
        above = parent.get(summary.id)
        known = by_id.get(above) if above is not None else None
        made.append(Node(summary, above if known else None, gain(summary, known), summary.id in better,
                         folded.get(summary.id, 0), hidden.get(summary.id, 0)))  # fmt: skip
    return made


def _in_order(nodes: Sequence[Node]) -> list[Node]:
    """Depth first."""
    below: dict[int | None, list[Node]] = {}
    for node in nodes:
        below.setdefault(node.parent, []).append(node)
    ordered: list[Node] = []
    stack = below.get(None, [])[::-1]
    while stack:
        node = stack.pop()
        ordered.append(node)
        stack += below.get(node.program.id, [])[::-1]
    return ordered
