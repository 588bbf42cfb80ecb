"""Statements left out: halves, quarters and so on of each block, down to single ones.

Delta debugging (Zeller and Hildebrandt, IEEE TSE 2002) on each level of the tree (Misherghi and Su, ICSE 2006).
"""

import ast
from collections.abc import Iterator
from functools import partial

from adrs.distill.minimise.size import is_docstring, nodes
from adrs.distill.minimise.tree import Edit, blocks, shown, with_list

_GOES_WITH_ITS_BODY = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith)


def statements(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that leave out neighbouring statements."""
    for path, owner, name, found in blocks(tree):
        counted = [statement for statement in found if not is_docstring(owner, statement)]
        for size in _sizes(len(counted)):
            for start in range(0, len(counted), size):
                gone = counted[start : start + size]
                if any(isinstance(each, ast.FunctionDef) and each.name in fixed for each in gone if not path):
                    continue
                left = [statement for statement in found if not any(statement is each for each in gone)]
                remaining = _remaining(owner, name, left)
                if remaining is None:
                    continue
                gain = sum(map(nodes, gone)) - sum(map(nodes, remaining[len(left) :]))
                make = partial(with_list, tree, path, name, remaining)
                yield Edit("statements", f"without {_told(gone)}", gain, make)


def _sizes(count: int) -> list[int]:
    """All, then halves, quarters and so on."""
    sizes = [count] if count else []
    while sizes and sizes[-1] > 1:
        sizes.append((sizes[-1] + 1) // 2)
    return sizes


def _remaining(owner: ast.AST, name: str, left: list[ast.stmt]) -> list[ast.stmt] | None:
    """What the block becomes; None where its owner goes with it, which is an edit of the block around it."""
    if left or name == "orelse" or isinstance(owner, ast.Module):
        return left
    if name == "finalbody":
        return left if isinstance(owner, ast.Try | ast.TryStar) and owner.handlers else None
    if isinstance(owner, _GOES_WITH_ITS_BODY) and not getattr(owner, "orelse", None):
        return None
    return [ast.Pass()]


def _told(gone: list[ast.stmt]) -> str:
    first = shown(gone[0])
    return first if len(gone) == 1 else f"{len(gone)} statements from {first}"
