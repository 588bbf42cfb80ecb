"""Functions of the program's own: parameters that are never read or always the same, and functions called once.

Also what `closures` needs to know of functions and their calls.
"""

import ast
from collections.abc import Iterator, Mapping

from adrs.distill.minimise.size import is_docstring
from adrs.distill.minimise.tree import (
    COMPREHENSIONS,
    Edit,
    Path,
    at,
    functions,
    loads,
    made,
    stores,
    transformed,
    walk,
    with_fields,
)

_OWN_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom)


def calls(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits of functions and what calls them."""
    for name, (path, function) in functions(tree).items():
        sites = sites_of(tree, name)
        if name not in fixed and not sites and loads(tree)[name] == 1 and not function.decorator_list:
            yield from _passed(tree, function)
        if name in fixed or not sites or not is_plain(function.args) or function.decorator_list:
            continue
        arguments = [arguments_of(function, call) for _, call in sites]
        known = [found for found in arguments if found is not None]
        if len(known) != len(arguments):
            continue
        yield from _parameters(tree, function, [call for _, call in sites], known)
        if len(sites) == 1 and loads(function)[name] == 0:
            yield from _inlined(tree, path, function, sites[0], known[0])


def sites_of(tree: ast.Module, name: str) -> list[tuple[Path, ast.Call]]:
    """Where a function is called; none if it is read in any other way."""
    found = [(path, node) for path, node in walk(tree)
             if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name]  # fmt: skip
    return found if len(found) == loads(tree)[name] else []


def is_plain(arguments: ast.arguments) -> bool:
    """Whether there are only parameters that may be passed by place."""
    return not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs)


def arguments_of(function: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr] | None:
    """What a call passes for each parameter; None where that cannot be said."""
    names = [argument.arg for argument in function.args.args]
    if any(isinstance(each, ast.Starred) for each in call.args) or len(call.args) > len(names):
        return None
    found = dict(zip(names, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in found or keyword.arg not in names:
            return None
        found[keyword.arg] = keyword.value
    defaults = function.args.defaults
    for name, default in zip(names[len(names) - len(defaults) :], defaults, strict=True):
        found.setdefault(name, default)
    return found if len(found) == len(names) else None


def _parameters(
    tree: ast.Module, function: ast.FunctionDef, sites: list[ast.Call], known: list[dict[str, ast.expr]]
) -> Iterator[Edit]:
    """Without a parameter that is not read, or that is the same constant or module's variable in every call."""
    outside = set(stores(tree)) - {name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)
                                   for name in stores(each)}  # fmt: skip
    inside = stores(ast.Module(function.body, []))
    for parameter in [argument.arg for argument in function.args.args]:
        passed = [found[parameter] for found in known]
        values = [value for value in passed if not (isinstance(value, ast.Name) and value.id == parameter)] or passed
        same = len({ast.dump(value) for value in values}) == 1
        is_known = isinstance(values[0], ast.Constant) or (isinstance(values[0], ast.Name) and values[0].id in outside)
        if loads(function)[parameter] == 0 or (same and is_known and not inside[parameter]):
            edited = _without_parameter(tree, function, sites, known, parameter, values[0])
            yield made("calls", f"{function.name} without parameter {parameter}", tree, edited)


def _without_parameter(
    tree: ast.Module, function: ast.FunctionDef, sites: list[ast.Call], known: list[dict[str, ast.expr]],
    parameter: str, value: ast.expr,
) -> ast.Module:  # fmt: skip
    names = [argument.arg for argument in function.args.args if argument.arg != parameter]
    by_site = {id(call): found for call, found in zip(sites, known, strict=True)}

    def change_calls(node: ast.AST) -> ast.AST:
        found = by_site.get(id(node))
        if found is None or not isinstance(node, ast.Call):
            return node
        return with_fields(node, args=[found[name] for name in names], keywords=[])

    def change_function(node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.FunctionDef) or node.name != function.name:
            return node
        kept = [argument for argument in node.args.args if argument.arg != parameter]
        body = transformed(ast.Module(node.body, []), lambda inner: _renamed(inner, {parameter: value})).body
        return with_fields(node, args=with_fields(node.args, args=kept, defaults=[]), body=body)

    # a call within an argument of another call of the same function would lose its identity on the way
    return tree if is_nested(sites) else transformed(transformed(tree, change_calls), change_function)


def is_nested(sites: list[ast.Call]) -> bool:
    """Whether one of several calls is an argument of another."""
    return any(
        inner is not outer and any(node is inner for node in ast.walk(outer)) for outer in sites for inner in sites
    )


def _renamed(node: ast.AST, values: Mapping[str, ast.expr]) -> ast.AST:
    """The value of a name that is read, or the new name of one that is bound."""
    if isinstance(node, ast.Name) and node.id in values:
        value = values[node.id]
        if isinstance(node.ctx, ast.Load):
            return value
        if isinstance(value, ast.Name):
            return ast.Name(value.id, node.ctx)
    return node


def _inlined(
    tree: ast.Module, path: Path, function: ast.FunctionDef, site: tuple[Path, ast.Call], arguments: dict[str, ast.expr]
) -> Iterator[Edit]:
    """The body of a function in the place of its only call."""
    where, call = site
    if where[: len(path)] == path or any(
        isinstance(node, _OWN_SCOPE) for each in function.body for node in ast.walk(each)
    ):
        return
    body = [each for each in function.body if not is_docstring(function, each)]
    new = _as_expression(body, arguments)
    if new is not None:
        edited = _put_and_dropped(tree, call, new, function)
        yield made("calls", f"{function.name} inlined", tree, edited)
        return
    statement = _simple_statement(tree, where)
    if statement is None:
        return
    if not isinstance(statement, ast.AugAssign) and getattr(statement, "value", None) is call:
        spliced = _as_statements(tree, where, statement, body, arguments)
    else:
        spliced = _before(tree, where, statement, body, arguments)
    if spliced is not None:
        edited = _spliced_and_dropped(tree, statement, spliced, function)
        yield made("calls", f"{function.name} inlined", tree, edited)


def _simple_statement(tree: ast.Module, where: Path) -> ast.stmt | None:
    """The statement that makes a call, where it makes it once and always."""
    for depth in range(len(where) - 1, 0, -1):
        found = at(tree, where[:depth]) if isinstance(where[depth], str) else None
        if isinstance(found, ast.stmt):
            return found if isinstance(found, ast.Return | ast.Assign | ast.AugAssign | ast.Expr) else None
        if isinstance(found, (*COMPREHENSIONS, ast.Lambda, ast.IfExp, ast.BoolOp)):
            return None
    return None


def _before(
    tree: ast.Module, where: Path, statement: ast.stmt, body: list[ast.stmt], arguments: Mapping[str, ast.expr]
) -> list[ast.stmt] | None:
    """The body before a statement that calls within an expression, and what is returned in the place of the call."""
    call = at(tree, where)
    assert isinstance(call, ast.expr)
    alone = ast.Assign([ast.Name("_", ast.Store())], call, lineno=0)
    spliced = _as_statements(tree, where, alone, body, arguments)
    if spliced is None:
        return None
    last = spliced[-1]
    assert isinstance(last, ast.Assign)
    changed = transformed(ast.Module([statement], []), lambda node: last.value if node is call else node)
    return [*spliced[:-1], *changed.body]


def _as_expression(body: list[ast.stmt], arguments: Mapping[str, ast.expr]) -> ast.expr | None:
    """The value of a function that assigns each variable once and returns; None where a call would be made twice."""
    *before, last = body
    returned = last.value if isinstance(last, ast.Return) else None
    bound = stores(ast.Module(body, []))
    for statement in reversed(before):
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        if returned is None or not isinstance(target, ast.Name) or bound[target.id] > 1 or target.id in arguments:
            return None
        assert isinstance(statement, ast.Assign)
        returned = _with_values(returned, {target.id: statement.value})
    return None if returned is None else _with_values(returned, arguments)


def _with_values(expression: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr | None:
    read = loads(expression)
    for name, value in values.items():
        if read[name] > 1 and any(isinstance(node, ast.Call) for node in ast.walk(value)):
            return None
    found = transformed(ast.Module([ast.Expr(expression)], []), lambda node: _renamed(node, values)).body[0]
    assert isinstance(found, ast.Expr)
    return found.value


def _as_statements(
    tree: ast.Module, where: Path, statement: ast.stmt, body: list[ast.stmt], arguments: Mapping[str, ast.expr]
) -> list[ast.stmt] | None:
    """The body instead of a statement that does nothing but call; None where returns stand in the way."""
    last = body[-1]
    returns = [node for each in body for node in ast.walk(each) if isinstance(node, ast.Return)]
    tail = isinstance(statement, ast.Return)
    if not tail and (len(returns) > 1 or (returns and returns[0] is not last)):
        return None
    if not tail and isinstance(statement, ast.Assign) and not (isinstance(last, ast.Return) and last.value):
        return None
    caller = next(at(tree, where[:depth]) for depth in range(len(where) - 1, -1, -1)
                  if isinstance(at(tree, where[:depth]), ast.FunctionDef | ast.Module))  # fmt: skip
    known = (
        set(loads(caller)) | set(stores(caller)) | {node.arg for node in ast.walk(caller) if isinstance(node, ast.arg)}
    )
    bound = stores(ast.Module(body, []))
    values: dict[str, ast.expr] = {}
    before: list[ast.stmt] = []
    for name, value in arguments.items():
        if isinstance(value, ast.Constant | ast.Name) and not bound[name]:
            values[name] = value
        else:
            fresh = name if isinstance(value, ast.Name) and value.id == name and tail else _fresh(name, known)
            values[name] = ast.Name(fresh, ast.Load())
            if not (isinstance(value, ast.Name) and value.id == fresh):
                before.append(ast.Assign([ast.Name(fresh, ast.Store())], value, lineno=0))
    for name in bound:
        if name not in values and name in known:
            values[name] = ast.Name(_fresh(name, known), ast.Load())
    inside = transformed(ast.Module(body, []), lambda node: _renamed(node, values)).body
    return [*before, *_ended(inside, statement)]


def _ended(body: list[ast.stmt], statement: ast.stmt) -> list[ast.stmt]:
    """The body, with its return turned into what the statement does with the value."""
    last = body[-1]
    if isinstance(statement, ast.Return) or not isinstance(last, ast.Return):
        return body
    if isinstance(statement, ast.Assign) and last.value is not None:
        return [*body[:-1], with_fields(statement, value=last.value)]
    return body[:-1] or [ast.Pass()]


def _fresh(name: str, taken: set[str]) -> str:
    found = next(
        each
        for number in range(len(taken) + 2)
        if (each := name if not number else f"{name}_{number + 1}") not in taken
    )
    taken.add(found)
    return found


def _passed(tree: ast.Module, function: ast.FunctionDef) -> Iterator[Edit]:
    """A function that does nothing but return, and is only passed on, becomes a lambda."""
    body = [each for each in function.body if not is_docstring(function, each)]
    if len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value is not None:
        read = next(node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == function.name)
        new = ast.Lambda(function.args, body[0].value)
        if not loads(function)[function.name]:
            yield made("calls", f"{function.name} a lambda", tree, _put_and_dropped(tree, read, new, function))


def _put_and_dropped(tree: ast.Module, old: ast.AST, new: ast.AST, gone: ast.FunctionDef) -> ast.Module:
    return transformed(tree, lambda node: None if node is gone else new if node is old else node)


def _spliced_and_dropped(tree: ast.Module, old: ast.stmt, new: list[ast.stmt], gone: ast.FunctionDef) -> ast.Module:
    def change(node: ast.AST) -> ast.AST | None:
        if node is gone:
            return None
        for name in ("body", "orelse", "finalbody"):
            found = getattr(node, name, None)
            if isinstance(found, list) and any(each is old for each in found):
                place = next(index for index, each in enumerate(found) if each is old)
                return with_fields(node, **{name: [*found[:place], *new, *found[place + 1 :]]})
        return node

    return transformed(tree, change)
