"""Variables: read once, they are inlined; what is assigned on both sides of a condition is assigned once."""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from adrs.distill.minimise.size import nodes
from adrs.distill.minimise.tree import (
    COMPREHENSIONS,
    SCOPES,
    Edit,
    Path,
    at,
    loads,
    made,
    put,
    shown,
    stores,
    transformed,
    walk,
    with_fields,
)

_REPEATED = (*COMPREHENSIONS, *SCOPES, ast.For, ast.AsyncFor, ast.While)
"""What may evaluate an expression in it more than once."""


def names(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits of assignments."""
    yield from _everything_inlined(tree)
    yield from _inlined(tree)
    yield from _kept(tree)
    yield from _augmented(tree)
    yield from _unpacked(tree)
    yield from _conditional(tree)


def _inlined(tree: ast.Module) -> Iterator[Edit]:
    """`x = e` and one read of x become e in that place; what costs little may be read deeper, or more often."""
    bound, read = stores(tree), loads(tree)
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for path, node in walk(tree):
        for name, value, left in _assigned(node):
            if bound[name] != 1 or name in parameters or not read[name]:
                continue
            if _is_cheap(value) or (read[name] == 1 and _is_read_as_often(tree, path, name)):
                yield made("names", f"{name} inlined", tree, _substituted(tree, path, name, value, left))


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr, ast.Assign | None]]:
    """Names that an assignment gives a value of their own, the value, and what is left of it without them."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Name):
        yield target.id, value, None
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for index, (each, its_value) in enumerate(zip(target.elts, value.elts, strict=True)):
            if isinstance(each, ast.Name):
                yield each.id, its_value, _without_pair(node, target, value, index)


def _is_cheap(value: ast.expr) -> bool:
    """Whether a value costs next to nothing to compute again: fields of something, and arithmetic on such."""
    if isinstance(value, ast.BinOp):
        return _is_cheap(value.left) and _is_cheap(value.right)
    if isinstance(value, ast.UnaryOp):
        return _is_cheap(value.operand)
    if isinstance(value, ast.Subscript):
        return isinstance(value.value, ast.Name) and isinstance(value.slice, ast.Constant)
    if isinstance(value, ast.Attribute):
        return isinstance(value.value, ast.Name)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "len":
        return len(value.args) == 1 and isinstance(value.args[0], ast.Name)
    return isinstance(value, ast.Constant | ast.Name)


def _without_pair(node: ast.Assign, target: ast.Tuple, value: ast.Tuple, index: int) -> ast.Assign:
    targets, values = _but(target.elts, index), _but(value.elts, index)
    single = len(targets) == 1
    return ast.Assign([targets[0] if single else with_fields(target, elts=targets)],
                      values[0] if single else with_fields(value, elts=values), lineno=node.lineno)  # fmt: skip


def _everything_inlined(tree: ast.Module) -> Iterator[Edit]:
    """All such variables at once, where there are several."""
    inlined, before, times = tree, None, 0
    while inlined is not before:
        before = inlined
        edit = next(_inlined(inlined), None)
        if edit is not None:
            inlined, times = edit.make(), times + 1
    if times > 1:
        yield made("names", f"{times} variables inlined", tree, inlined)


def _is_read_as_often(tree: ast.Module, assignment: Path, name: str) -> bool:
    """Whether the one read is in no loop, comprehension or function that the assignment is not in."""
    for path, node in walk(tree):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            shared = next(
                (depth for depth, (one, other) in enumerate(zip(path, assignment, strict=False)) if one != other), 0
            )
            return not any(_is_repeated(at(tree, path[:depth]), path[depth:]) for depth in range(shared + 1, len(path)))
    return False


def _is_repeated(outer: object, inside: Path) -> bool:
    """Whether a node may evaluate what it holds at a path more than once; what is iterated over is evaluated once."""
    return isinstance(outer, _REPEATED) and inside[0] != "iter" and inside[:3] != ("generators", 0, "iter")


def _substituted(tree: ast.Module, assignment: Path, name: str, value: ast.expr, left: ast.Assign | None) -> ast.Module:
    gone = at(tree, assignment)

    def change(node: ast.AST) -> ast.AST | None:
        if node is gone:
            return left
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            return value
        if getattr(node, "body", None) == [] and not isinstance(node, ast.Module):
            return with_fields(node, body=[ast.Pass()])
        return node

    return transformed(tree, change)


def _kept(tree: ast.Module) -> Iterator[Edit]:
    """`d[k] = e` and one read of d[k] become e in that place, as where a table keeps what is not asked for again."""
    read = Counter(ast.unparse(node) for node in ast.walk(tree)
                   if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load))  # fmt: skip
    for node in ast.walk(tree):
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if not isinstance(target, ast.Subscript) or read[ast.unparse(target)] != 1:
            continue
        edited = _read_as(tree, node, ast.unparse(target))
        if nodes(edited) < nodes(tree):
            yield made("names", f"{shown(target)} inlined", tree, edited)


def _read_as(tree: ast.Module, gone: ast.AST, text: str) -> ast.Module:
    assert isinstance(gone, ast.Assign)

    def change(node: ast.AST) -> ast.AST | None:
        if node is gone:
            return None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and ast.unparse(node) == text:
            return gone.value
        if getattr(node, "body", None) == [] and not isinstance(node, ast.Module):
            return with_fields(node, body=[ast.Pass()])
        return node

    return transformed(tree, change)


def _augmented(tree: ast.Module) -> Iterator[Edit]:
    """`x = x + e` becomes `x += e`."""
    for path, node in walk(tree):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.value, ast.BinOp):
            continue
        target = node.targets[0]
        if ast.unparse(target) == ast.unparse(node.value.left) and isinstance(
            target, ast.Name | ast.Subscript | ast.Attribute
        ):
            new = ast.AugAssign(target, node.value.op, node.value.right)
            yield Edit("names", f"{shown(node)} -> {shown(new)}", nodes(node) - nodes(new),
                       partial(put, tree, path, new))  # fmt: skip


def _unpacked(tree: ast.Module) -> Iterator[Edit]:
    """`a, b = x, y` without one of the pairs."""
    for path, node in walk(tree):
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target, value = node.targets[0], node.value
        if not isinstance(target, ast.Tuple) or not isinstance(value, ast.Tuple) or len(target.elts) != len(value.elts):
            continue
        for index, gone in enumerate(target.elts):
            new = _without_pair(node, target, value, index)
            yield Edit("names", f"{shown(node)} without {shown(gone)}", nodes(node) - nodes(new),
                       partial(put, tree, path, new))  # fmt: skip


def _but(items: Sequence[ast.expr], index: int) -> list[ast.expr]:
    return [*items[:index], *items[index + 1 :]]


def _conditional(tree: ast.Module) -> Iterator[Edit]:
    """`if` with an assignment of one variable, or a return, on both sides becomes a conditional expression."""
    for path, node in walk(tree):
        if not isinstance(node, ast.If) or len(node.body) != 1 or len(node.orelse) != 1:
            continue
        new = _merged(node.test, node.body[0], node.orelse[0])
        if new is not None:
            yield Edit("names", f"{shown(node)} -> {shown(new)}", nodes(node) - nodes(new),
                       partial(put, tree, path, new))  # fmt: skip


def _merged(test: ast.expr, one: ast.stmt, other: ast.stmt) -> ast.stmt | None:
    if isinstance(one, ast.Return) and isinstance(other, ast.Return) and one.value and other.value:
        return ast.Return(ast.IfExp(test, one.value, other.value))
    if isinstance(one, ast.Assign) and isinstance(other, ast.Assign) and _targets(one) == _targets(other):
        return with_fields(one, value=ast.IfExp(test, one.value, other.value))
    return None


def _targets(statement: ast.Assign) -> list[str]:
    return [ast.dump(target) for target in statement.targets]
