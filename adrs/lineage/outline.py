"""A tree as lines: what goes on straight stays at its margin, what branches off is set in."""

from collections.abc import Sequence
from dataclasses import dataclass

from adrs.lineage.tree import Node


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the outline."""

    node: Node
    depth: int
    """How often one has to branch off to come here."""
    begins: bool
    """Whether it begins a branch, or a tree of its own."""


def outline(nodes: Sequence[Node], straight: Sequence[int] = ()) -> list[Entry]:
    """Lines of a tree whose nodes come parents first.

    Of a program's children one goes on at its margin, after the branches of the others: that of the line `straight`,
    say the winner's, else the one with most shown descendants. So a line of a hundred steps is as wide as one of two.
    """
    favoured = set(straight)
    below: dict[int | None, list[Node]] = {}
    size: dict[int, int] = {}
    for node in nodes:
        below.setdefault(node.parent, []).append(node)
    for node in reversed(nodes):
        size[node.program.id] = 1 + sum(size[child.program.id] for child in below.get(node.program.id, []))
    entries: list[Entry] = []
    stack = [Entry(node, 0, True) for node in reversed(below.get(None, []))]
    while stack:
        entry = stack.pop()
        entries.append(entry)
        children = below.get(entry.node.program.id, [])
        if not children:
            continue
        goes_on = max(children, key=lambda each: (each.program.id in favoured, size[each.program.id], -each.program.id))
        stack.append(Entry(goes_on, entry.depth, False))
        stack += [Entry(each, entry.depth + 1, True) for each in reversed(children) if each is not goes_on]
    return entries
