"""Functions that are called from one other function alone, and get its variables under their own names."""

import ast
from collections.abc import Iterator

from adrs.distill.minimise.passes.calls import arguments_of, is_nested, is_plain, sites_of
from adrs.distill.minimise.size import is_docstring
from adrs.distill.minimise.tree import Edit, functions, made, stores, transformed, with_fields, with_list


def closures(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that move such a function into its caller, where it sees these variables without being passed them."""
    outer = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name, (path, function) in functions(tree).items():
        if name in fixed or len(path) != 2 or function.decorator_list or not is_plain(function.args):
            continue
        sites = sites_of(tree, name)
        callers = {tree.body[where[1]] for where, _ in sites if isinstance(where[1], int)} - {function}
        calls = [call for _, call in sites]
        known = [found for call in calls if (found := arguments_of(function, call)) is not None]
        caller = callers.pop() if len(callers) == 1 else None
        if not isinstance(caller, ast.FunctionDef) or outer.get(caller.name) is not caller or len(known) != len(calls):
            continue
        shared = _shared(caller, function, known)
        if shared and not is_nested(calls):
            edited = _moved(tree, caller.name, function, dict(zip(map(id, calls), known, strict=True)), shared)
            yield made("closures", f"{name} into {caller.name} without {', '.join(shared)}", tree, edited)


def _shared(caller: ast.FunctionDef, function: ast.FunctionDef, known: list[dict[str, ast.expr]]) -> list[str]:
    """Parameters that every call passes a variable of the same name for, and that the function does not assign."""
    parameters = {node.arg for node in ast.walk(caller.args) if isinstance(node, ast.arg)}
    theirs, assigned = parameters | set(stores(caller)), stores(ast.Module(function.body, []))

    def is_shared(name: str) -> bool:
        passed = [found[name] for found in known]
        return all(isinstance(value, ast.Name) and value.id == name for value in passed)

    names = [argument.arg for argument in function.args.args]
    return [name for name in names if name in theirs and not assigned[name] and is_shared(name)]


def _moved(
    tree: ast.Module, caller: str, function: ast.FunctionDef, calls: dict[int, dict[str, ast.expr]], shared: list[str]
) -> ast.Module:
    names = [argument.arg for argument in function.args.args if argument.arg not in shared]

    def change(node: ast.AST) -> ast.AST:
        found = calls.get(id(node))
        return node if found is None else with_fields(node, args=[found[name] for name in names], keywords=[])

    tree = transformed(tree, change)
    place = next(index for index, node in enumerate(tree.body) if getattr(node, "name", "") == function.name)
    moved = tree.body[place]
    assert isinstance(moved, ast.FunctionDef)
    kept = [argument for argument in moved.args.args if argument.arg in names]
    moved = with_fields(moved, args=with_fields(moved.args, args=kept, defaults=[]))
    body: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == caller:
            first = int(is_docstring(node, node.body[0]))
            node = with_fields(node, body=[*node.body[:first], moved, *node.body[first:]])
        if getattr(node, "name", "") != function.name:
            body.append(node)
    return with_list(tree, (), "body", body)
