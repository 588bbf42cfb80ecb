"""What kinds of edit make of a program, for tests."""

import ast
import random
from collections.abc import Callable

from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.tree import Edit, Site, Tree

Grower = Callable[[Tree, Site, random.Random, Shown], Edit | None]
"""A kind of edit that brings in what the interface shows."""


def outcomes(maker: Grower, source: str, shown: Shown, tries: int = 40) -> set[str]:
    """Every program that a kind of edit makes of a source."""
    tree, made = Tree(source), set()
    for seed in range(tries):
        for site in tree.sites:
            edit = maker(tree, site, random.Random(seed), shown) if site.function is not None else None
            if edit is not None:
                made.add(tree.replace([edit]))
    return made


def free_names(source: str) -> set[str]:
    """Names that are read and bound nowhere in a program."""
    nodes = list(ast.walk(ast.parse(source)))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    bound |= {(alias.asname or alias.name) for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {node.id for node in nodes if isinstance(node, ast.Name)} - bound
