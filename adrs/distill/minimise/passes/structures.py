"""Compound statements become a part of themselves: `if` its body or its else, loops, `try` and `with` their body."""

import ast
from collections.abc import Iterator
from functools import partial

from adrs.distill.minimise.size import nodes
from adrs.distill.minimise.tree import Edit, put, shown, walk


def structures(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that put a part of a statement in its place."""
    for path, node in walk(tree):
        if not path or not isinstance(path[-1], int) or not isinstance(node, ast.stmt):
            continue
        for what, part in _parts(node):
            gain = nodes(node) - sum(map(nodes, part))
            yield Edit("structures", f"{shown(node)} -> {what}", gain, partial(put, tree, path, part))


def _parts(node: ast.stmt) -> Iterator[tuple[str, list[ast.stmt]]]:
    if isinstance(node, ast.If):
        yield "its body", node.body
        if node.orelse:
            yield "its else", node.orelse
            yield "without its else", [ast.If(node.test, node.body, [])]
    elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
        if not _leaves(node):
            yield "its body, once", node.body
    elif isinstance(node, ast.With | ast.AsyncWith):
        yield "its body", node.body
    elif isinstance(node, ast.Try | ast.TryStar):
        yield "its body", [*node.body, *node.orelse, *node.finalbody]


def _leaves(loop: ast.stmt) -> bool:
    """Whether a `break` or `continue` belongs to the loop."""
    inside = list(getattr(loop, "body", []))
    while inside:
        node = inside.pop()
        if isinstance(node, ast.Break | ast.Continue):
            return True
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            inside += node.orelse
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            inside += list(ast.iter_child_nodes(node))
    return False
