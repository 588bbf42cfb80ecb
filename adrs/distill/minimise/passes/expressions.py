"""Expressions replaced by a part of them, or by 0, 1, True or False."""

import ast
from collections.abc import Iterator, Sequence
from typing import TypeVar

from adrs.distill.minimise.tree import COMPREHENSIONS, Edit, Path, replacing, walk, with_fields

Item = TypeVar("Item")
_NUMERIC = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Subscript, ast.IfExp, ast.Attribute)
_LEFT_ALONE = ("annotation", "returns", "decorator_list", "type_params", "bases")


def expressions(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits of single expressions."""
    modules = _modules(tree)
    whole = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for path, node in walk(tree):
        if not isinstance(node, ast.expr) or not _is_editable(node, path):
            continue
        for new in _alternatives(node, path, modules):
            if id(node) in whole and not isinstance(new, ast.Call):
                continue  # as good as leaving out the statement
            yield replacing(tree, "expressions", path, node, new)


def _is_editable(node: ast.expr, path: Path) -> bool:
    if any(step in _LEFT_ALONE for step in path):
        return False
    return not isinstance(getattr(node, "ctx", ast.Load()), ast.Store | ast.Del)


def _modules(tree: ast.Module) -> frozenset[str]:
    """Names that stand for modules, of which an attribute is one thing."""
    return frozenset((alias.asname or alias.name).split(".")[0] for node in ast.walk(tree)
                     if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names)  # fmt: skip


def _alternatives(node: ast.expr, path: Path, modules: frozenset[str]) -> Iterator[ast.expr]:
    called = path[-1] == "func"
    if not called and isinstance(node, _NUMERIC) and not _is_constant(node):
        yield ast.Constant(0)
        yield ast.Constant(1)
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif isinstance(node, ast.UnaryOp) and not _is_constant(node):
        yield node.operand
    elif isinstance(node, ast.BoolOp):
        yield from (left[0] if len(left) == 1 else with_fields(node, values=left) for left in without(node.values, 1))
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Compare):
        yield from _comparisons(node)
    elif isinstance(node, ast.Call):
        yield from _calls(node, modules)
    elif isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id in modules):
        yield node.value
    elif isinstance(node, ast.Subscript):
        yield from _subscripts(node)
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        least = 0 if isinstance(node, ast.List) else 1
        if len(node.elts) == 1 and not isinstance(node.elts[0], ast.Starred):
            yield node.elts[0]
        yield from (with_fields(node, elts=left) for left in without(node.elts, least))
    elif isinstance(node, ast.Dict):
        pairs = list(zip(node.keys, node.values, strict=True))
        for kept in without(pairs, 0):
            yield with_fields(node, keys=[key for key, _ in kept], values=[value for _, value in kept])
    elif isinstance(node, COMPREHENSIONS):
        yield from _comprehensions(node)
    elif isinstance(node, ast.NamedExpr):
        yield node.value


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)


def without(items: Sequence[Item], least: int) -> Iterator[list[Item]]:
    """Without halves, quarters and so on down to single items, while at least `least` are left."""
    size = (len(items) + 1) // 2
    while size:
        for start in range(0, len(items), size):
            left = [*items[:start], *items[start + size :]]
            if least <= len(left) < len(items):
                yield left
        size = 0 if size == 1 else (size + 1) // 2


def _comparisons(node: ast.Compare) -> Iterator[ast.expr]:
    yield from (ast.Constant(True), ast.Constant(False))
    if len(node.ops) > 1:
        yield with_fields(node, ops=node.ops[:-1], comparators=node.comparators[:-1])
        yield with_fields(node, left=node.comparators[0], ops=node.ops[1:], comparators=node.comparators[1:])


def _calls(node: ast.Call, modules: frozenset[str]) -> Iterator[ast.expr]:
    """An argument instead of the call, the object of a method, or fewer arguments."""
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    yield from (each.value if isinstance(each, ast.Starred) else each for each in arguments)
    method = node.func
    if isinstance(method, ast.Attribute) and not (isinstance(method.value, ast.Name) and method.value.id in modules):
        yield method.value
    if len(arguments) > 1:
        for index in range(len(node.args)):
            yield with_fields(node, args=[*node.args[:index], *node.args[index + 1 :]])
    for index in range(len(node.keywords)):
        yield with_fields(node, keywords=[*node.keywords[:index], *node.keywords[index + 1 :]])


def _subscripts(node: ast.Subscript) -> Iterator[ast.expr]:
    yield node.value
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) > 1:
        for left in without(node.slice.elts, 1):
            yield with_fields(node, slice=left[0] if len(left) == 1 else with_fields(node.slice, elts=left))
    if isinstance(node.slice, ast.Slice):
        for name in ("lower", "upper", "step"):
            if getattr(node.slice, name) is not None:
                yield with_fields(node, slice=with_fields(node.slice, **{name: None}))


def _comprehensions(node: ast.expr) -> Iterator[ast.expr]:
    assert isinstance(node, COMPREHENSIONS)
    yield node.generators[0].iter
    for number, generator in enumerate(node.generators):
        for left in without(generator.ifs, 0):
            others = [*node.generators]
            others[number] = with_fields(generator, ifs=left)
            yield with_fields(node, generators=others)
