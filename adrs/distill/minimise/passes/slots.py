"""What one function hands to another in a tuple, and nobody reads there: one place of all tuples of a length less."""

import ast
from collections.abc import Iterator

from adrs.distill.minimise.size import nodes
from adrs.distill.minimise.tree import Edit, loads, made, transformed, with_fields


def slots(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that take a variable out of an assignment to several, and its value out of the tuples that are returned."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        read = loads(function)
        for node in ast.walk(function):
            names = _unpacked(node)
            for place, name in enumerate(names):
                if not read[name]:
                    edited = _without(tree, len(names), place)
                    if nodes(edited) < nodes(tree):
                        yield made("slots", f"without {name} of {', '.join(names)}", tree, edited)


def _unpacked(node: ast.AST) -> list[str]:
    """Names that an assignment takes out of one value, in their order; none for any other node."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or isinstance(node.value, ast.Tuple):
        return []
    target = node.targets[0]
    elements = target.elts if isinstance(target, ast.Tuple) else []
    names = [element.id for element in elements if isinstance(element, ast.Name)]
    return names if len(names) == len(elements) else []


def _without(tree: ast.Module, length: int, place: int) -> ast.Module:
    """Without one place in every tuple of a length that is returned or unpacked; what is left alone stands alone."""

    def shorter(value: ast.expr | None) -> ast.expr | None:
        if not isinstance(value, ast.Tuple) or len(value.elts) != length:
            return value
        left = [*value.elts[:place], *value.elts[place + 1 :]]
        return left[0] if len(left) == 1 else with_fields(value, elts=left)

    def change(node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            return with_fields(node, value=shorter(node.value))
        if isinstance(node, ast.Assign) and _unpacked(node):
            return with_fields(node, targets=[shorter(node.targets[0])])
        return node

    return transformed(tree, change)
