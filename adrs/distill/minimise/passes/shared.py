"""Equal expressions of a function are named once; done late, since a name hides what it stands for."""

import ast
import builtins
import keyword
from collections import Counter
from collections.abc import Iterator
from functools import partial

from adrs.distill.minimise.size import nodes
from adrs.distill.minimise.tree import Edit, Path, at, loads, shown, stores, transformed, walk, with_list

_NAMED = (ast.BinOp, ast.Call, ast.Subscript, ast.Attribute, ast.Compare, ast.BoolOp, ast.IfExp)


def shared(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that name such an expression before the first statement that holds it."""
    taken = {*loads(tree), *stores(tree), *dir(builtins), *keyword.kwlist}
    taken |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for path, scope in walk(tree):
        if not isinstance(scope, ast.FunctionDef):
            continue
        times: Counter[str] = Counter()
        example: dict[str, ast.expr] = {}
        for statement in scope.body:
            for node in ast.walk(statement):
                if isinstance(node, _NAMED) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                    times[ast.dump(node)] += 1
                    example[ast.dump(node)] = node
        for dumped, count in times.items():
            value = example[dumped]
            gain = (count - 1) * nodes(value) - count - 2
            if count > 1 and gain > 0:
                make = partial(_with_name, tree, path, value, _name(value, taken))
                yield Edit("shared", f"{shown(value)} named once", gain, make)


def _name(value: ast.expr, taken: set[str]) -> str:
    """What a reader would call it: a field by its name."""
    wished = value.attr if isinstance(value, ast.Attribute) else ""
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
        wished = str(value.slice.value)
    if wished.isidentifier() and wished not in taken:
        return wished
    return next(name for number in range(len(taken) + 1) if (name := f"shared_{number + 1}") not in taken)


def _with_name(tree: ast.Module, path: Path, value: ast.expr, name: str) -> ast.Module:
    dumped = ast.dump(value)
    scope = at(tree, path)
    assert isinstance(scope, ast.FunctionDef)
    body: list[ast.stmt] = []
    named = False

    def change(node: ast.AST) -> ast.AST:
        return ast.Name(name, ast.Load()) if isinstance(node, _NAMED) and ast.dump(node) == dumped else node

    for statement in scope.body:
        new = transformed(ast.Module([statement], []), change).body[0]
        if new is not statement and not named:
            body.append(ast.Assign([ast.Name(name, ast.Store())], value, lineno=0))
            named = True
        body.append(new)
    return with_list(tree, path, "body", body)
