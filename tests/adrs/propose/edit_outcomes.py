"""What kinds of edit make of a program, for tests."""

import ast
import random
from collections.abc import Callable
from functools import partial

from adrs.propose.embedded.edits import Maker
from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.tree import Tree


def outcomes(maker: Callable[..., object], source: str, shown: Shown, tries: int = 40) -> set[str]:
    """Every program that a kind of edit makes of a source."""
    tree, made = Tree(source), set()
    with_shown: Maker = partial(maker, shown=shown)  # type: ignore[assignment]
    for seed in range(tries):
        for site in tree.sites:
            edit = with_shown(tree, site, random.Random(seed)) if site.function is not None else None
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
