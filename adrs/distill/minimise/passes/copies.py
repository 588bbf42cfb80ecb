"""Variables that hold the same: where one is a copy of another, one of both may do."""

import ast
from collections.abc import Iterator

from adrs.distill.minimise.tree import Edit, made, put, stores, transformed, walk, with_fields


def copies(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that put one variable of a function in the place of another, without what then assigns it to itself."""
    for path, function in walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        parameters = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
        bound = set(stores(function))
        for one, other in sorted(_copied(function)):
            for gone, kept in ((one, other), (other, one)):
                if gone in bound - parameters and kept in bound | parameters:
                    text = f"{kept} for {gone} in {function.name}"
                    yield made("copies", text, tree, put(tree, path, _unified(function, gone, kept)))


def _copied(function: ast.FunctionDef) -> set[tuple[str, str]]:
    """Pairs of a variable and one that it is assigned from somewhere."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            for target, value in _pairs(node):
                if isinstance(target, ast.Name) and isinstance(value, ast.Name) and target.id != value.id:
                    found.add((target.id, value.id))
    return found


def _pairs(node: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def _unified(function: ast.FunctionDef, gone: str, kept: str) -> ast.FunctionDef:
    def change(node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.Name) and node.id == gone:
            return ast.Name(kept, node.ctx)
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            return _without_itself(node)
        if getattr(node, "body", None) == []:
            return with_fields(node, body=[ast.Pass()])
        return node

    changed = transformed(ast.Module([function], []), change).body[0]
    assert isinstance(changed, ast.FunctionDef)
    return changed


def _without_itself(node: ast.Assign) -> ast.Assign | None:
    """An assignment without the variables that it assigns to themselves; None if nothing is left."""
    pairs = _pairs(node)
    left = [pair for pair in pairs if not all(isinstance(side, ast.Name) for side in pair)
            or ast.unparse(pair[0]) != ast.unparse(pair[1])]  # fmt: skip
    if len(left) == len(pairs):
        return node
    if len(left) < 2:
        return with_fields(node, targets=[left[0][0]], value=left[0][1]) if left else None
    targets, values = ([each[side] for each in left] for side in (0, 1))
    return with_fields(node, targets=[ast.Tuple(targets, ast.Store())], value=ast.Tuple(values, ast.Load()))
