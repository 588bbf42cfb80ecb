"""Calls as they are shortest: `np.argmin(x)` is `x.argmin()`, `key=lambda i: f(i)` `key=f`, `axis=1` `1`."""

import ast
from collections.abc import Iterator

from adrs.distill.minimise.tree import Edit, loads, made, replacing, transformed, walk, with_fields

_METHODS = frozenset({
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "clip", "copy", "cumprod", "cumsum", "dot", "max",
    "mean", "min", "nonzero", "prod", "ravel", "repeat", "reshape", "round", "searchsorted", "std", "sum", "take",
    "trace", "transpose", "var",
})  # fmt: skip
"""Functions of numpy that arrays have as methods with the same arguments."""
_BY_PLACE = "axis"
"""The one argument that readers of numpy know by its place."""


def methods(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits of calls and of functions that do nothing but call; whether an object is an array, the oracle tells."""
    modules = {alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
               for alias in node.names if alias.name == "numpy"}  # fmt: skip
    everything = transformed(tree, lambda node: _shortest(node, modules))
    if everything is not tree:
        yield made("methods", "all calls", tree, everything)
    for path, node in walk(tree):
        if isinstance(node, ast.Call):
            for new in _shorter(node, modules):
                yield replacing(tree, "methods", path, node, new)
        elif isinstance(node, ast.Lambda):
            called = _called(node)
            if called is not None:
                yield replacing(tree, "methods", path, node, called)


def _shortest(node: ast.AST, modules: set[str]) -> ast.AST:
    while isinstance(node, ast.Call) and (shorter := next(_shorter(node, modules), None)) is not None:
        node = shorter
    return node


def _shorter(node: ast.Call, modules: set[str]) -> Iterator[ast.Call]:
    function = node.func
    if not isinstance(function, ast.Attribute):
        return
    of_numpy = isinstance(function.value, ast.Name) and function.value.id in modules and function.attr in _METHODS
    if of_numpy and node.args and not isinstance(node.args[0], ast.Starred | ast.List | ast.Tuple):
        yield with_fields(node, func=with_fields(function, value=node.args[0]), args=node.args[1:])
    for keyword in node.keywords:
        if keyword.arg == _BY_PLACE:
            others = [each for each in node.keywords if each is not keyword]
            yield with_fields(node, args=[*node.args, keyword.value], keywords=others)


def _called(node: ast.Lambda) -> ast.expr | None:
    """The function that a lambda passes its parameters on to; None where it does anything else."""
    call, names = node.body, [argument.arg for argument in node.args.args]
    plain = not (node.args.vararg or node.args.kwarg or node.args.kwonlyargs or node.args.posonlyargs)
    if not plain or not isinstance(call, ast.Call) or call.keywords or node.args.defaults:
        return None
    passed = [each.id if isinstance(each, ast.Name) else "" for each in call.args]
    return call.func if passed == names and not any(loads(call.func)[name] for name in names) else None
