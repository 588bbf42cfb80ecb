"""Loops as they are shortest: one that only appends is a comprehension, and what is iterated over is what is read."""

import ast
import itertools
from collections.abc import Iterator

from adrs.distill.minimise.size import nodes
from adrs.distill.minimise.tree import Edit, blocks, loads, made, put, shown, transformed, walk, with_fields, with_list


def loops(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits of loops and of what comprehensions go through."""
    yield from _comprehensions(tree)
    for path, node in walk(tree):
        if isinstance(node, ast.For):
            inside: list[ast.AST] = [*node.body, *node.orelse]
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp) and len(node.generators) == 1:
            inside = [node.elt, *node.generators[0].ifs]
        else:
            continue
        loop = node if isinstance(node, ast.For) else node.generators[0]
        for target, iterated in _narrower(loop, inside):
            new_loop = with_fields(loop, target=target, iter=iterated)
            new = new_loop if loop is node else with_fields(node, generators=[new_loop])
            text = f"{shown(loop.target)} in {shown(loop.iter)} -> {shown(target)} in {shown(iterated)}"
            yield made("loops", text, tree, put(tree, path, new))


def _narrower(loop: ast.For | ast.comprehension, inside: list[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is iterated over, without what the loop does not read of it."""
    target, iterated = loop.target, loop.iter
    if not isinstance(target, ast.Tuple) or not isinstance(iterated, ast.Call):
        return
    if not isinstance(iterated.func, ast.Name) or not all(isinstance(each, ast.Name) for each in target.elts):
        return
    read = [any(loads(node)[each.id] for node in inside) for each in target.elts if isinstance(each, ast.Name)]
    if iterated.func.id == "enumerate" and len(iterated.args) == 1 and len(read) == 2:
        if not read[0]:
            yield target.elts[1], iterated.args[0]
        if not read[1]:
            length = ast.Call(ast.Name("len", ast.Load()), iterated.args, [])
            yield target.elts[0], ast.Call(ast.Name("range", ast.Load()), [length], [])
    elif iterated.func.id == "zip" and len(iterated.args) == len(read) and not all(read) and any(read):
        kept = [(name, array) for name, array, is_read in zip(target.elts, iterated.args, read, strict=True) if is_read]
        if len(kept) == 1:
            yield kept[0]
        else:
            names, arrays = [name for name, _ in kept], [array for _, array in kept]
            yield with_fields(target, elts=names), with_fields(iterated, args=arrays)


def _comprehensions(tree: ast.Module) -> Iterator[Edit]:
    """`x = []` and a loop that does nothing but append to it."""
    for path, _, field, statements in blocks(tree):
        for index, (first, loop) in enumerate(itertools.pairwise(statements)):
            name = _empty_list(first)
            items = _appended(loop, name) if name else None
            if items is None or loads(items)[name]:
                continue
            new = ast.Assign([ast.Name(name, ast.Store())], items, lineno=0)
            edited = with_list(tree, path, field, [*statements[:index], new, *statements[index + 2 :]])
            if nodes(edited) < nodes(tree):
                yield made("loops", f"{shown(loop)} -> {shown(new)}", tree, edited)


def _empty_list(statement: ast.stmt) -> str:
    """The name of a variable that becomes an empty list; else empty."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.value, ast.List):
        target = statement.targets[0]
        return target.id if isinstance(target, ast.Name) and not statement.value.elts else ""
    return ""


def _appended(loop: ast.stmt, name: str) -> ast.ListComp | None:
    """What a loop appends, where it does nothing else."""
    if not isinstance(loop, ast.For) or loop.orelse or len(loop.body) > 2:
        return None
    *before, last = loop.body
    ifs: list[ast.expr] = []
    if isinstance(last, ast.If) and len(last.body) == 1 and not last.orelse:
        ifs, last = [last.test], last.body[0]
    item = _argument(last, name)
    for statement in before:  # a variable that only what is appended reads takes its place
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        if item is None or not isinstance(target, ast.Name) or loads(item)[target.id] != 1:
            return None
        if any(loads(test)[target.id] for test in ifs):
            return None
        assert isinstance(statement, ast.Assign)
        item = _with_value(item, target.id, statement.value)
    return None if item is None else ast.ListComp(item, [ast.comprehension(loop.target, loop.iter, ifs, 0)])


def _argument(statement: ast.stmt, name: str) -> ast.expr | None:
    """What a statement appends to a list."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if (
        not isinstance(call, ast.Call)
        or len(call.args) != 1
        or call.keywords
        or not isinstance(call.func, ast.Attribute)
    ):
        return None
    is_append = call.func.attr == "append" and isinstance(call.func.value, ast.Name) and call.func.value.id == name
    return call.args[0] if is_append and not isinstance(call.args[0], ast.Starred) else None


def _with_value(expression: ast.expr, name: str, value: ast.expr) -> ast.expr:
    def change(node: ast.AST) -> ast.AST:
        return value if isinstance(node, ast.Name) and node.id == name else node

    found = transformed(ast.Module([ast.Expr(expression)], []), change).body[0]
    assert isinstance(found, ast.Expr)
    return found.value
