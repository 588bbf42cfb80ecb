"""Finds where a program chooses by a number: keys of sorts, least and greatest, heaps, and arrays that are ranked."""

import ast
from dataclasses import dataclass
from typing import Literal

from adrs.distill.minimise.tree import COMPREHENSIONS
from adrs.distill.priority.scope import Scopes

Way = Literal["expression", "function", "array"]
_CHOOSERS = ("sorted", "min", "max")
_HEAP_CHOOSERS = ("nsmallest", "nlargest")
_HEAP_PUSHES = ("heappush", "heappushpop", "heapreplace")
_RANKINGS = {"argsort": -1, "argpartition": -1, "argmin": None, "argmax": None}
"""Functions of arrays, with the axis along which they choose if none is said."""
_LOOPS = (ast.For, ast.While)


@dataclass(frozen=True, eq=False)
class Site:
    """One place where a number decides. Nodes belong to the tree that was searched."""

    how: str
    """For people."""
    line: int
    way: Way
    """What the number is: an expression asked for each item, what a function returns, or an array of all items."""
    value: ast.expr | ast.FunctionDef
    """The expression, or the function."""
    opener: ast.expr | ast.stmt | None
    """Evaluated, or begun, once a choice, before the items; None for arrays."""
    axis: int | None = None
    """Of an array."""


def sites(tree: ast.Module, declared: str = "") -> list[Site]:
    """All places, in the order of the text. declared: name of a function whose answers are priorities as well."""
    scopes = Scopes(tree)
    found: dict[int, Site] = {}
    for node in ast.walk(tree):
        site = _called(scopes, node) if isinstance(node, ast.Call) else None
        if site is None and isinstance(node, ast.Call) and declared and _name(node.func) == declared:
            site = _declared(scopes, node)
        if site is not None:
            found.setdefault(id(site.value), site)
    return sorted(found.values(), key=lambda site: site.line)


def core(node: ast.expr) -> ast.expr:
    """An expression without its sign and without conversions to a number; of a tuple, its first element."""
    while True:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            node = node.operand
        elif isinstance(node, ast.Tuple) and node.elts:
            node = node.elts[0]
        elif isinstance(node, ast.Call) and _name(node.func) in ("float", "int") and len(node.args) == 1:
            node = node.args[0]
        else:
            return node


def _called(scopes: Scopes, call: ast.Call) -> Site | None:
    """The site of a call that chooses; None for other calls, and where what it chooses by cannot be read."""
    name = _name(call.func)
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    key = next((each.value for each in call.keywords if each.arg == "key"), None)
    if key is not None and (name in _CHOOSERS or (method or name) in (*_HEAP_CHOOSERS, "sort")):
        return _keyed(scopes, call, key, f"the key of {method or name}")
    if name in _CHOOSERS or (method or name) in _HEAP_CHOOSERS:
        return _decorated(scopes, call, call.args[-1], name or method) if call.args and key is None else None
    if (method or name) in _HEAP_PUSHES and len(call.args) == 2:
        return _pushed(scopes, call)
    if method == "index" and len(call.args) == 1:
        return _looked_up(scopes, call)
    return _ranked(scopes, call, method) if method in _RANKINGS else None


def _keyed(scopes: Scopes, call: ast.Call, key: ast.expr, how: str) -> Site | None:
    if isinstance(key, ast.Lambda):
        return _expression(scopes, how, call.lineno, key.body, key)
    function = scopes.functions.get(_name(key))
    return None if function is None else Site(how, call.lineno, "function", function, key)


def _decorated(scopes: Scopes, call: ast.Call, items: ast.expr, how: str) -> Site | None:
    """Items that come as tuples with the number first."""
    made = _comprehension(scopes, items)
    if made is None or not isinstance(made.elt, ast.Tuple) or len(made.elt.elts) < 2:
        return None
    return _expression(scopes, f"the first of what {how} compares", call.lineno, made.elt, made.generators[0].iter)


def _pushed(scopes: Scopes, call: ast.Call) -> Site | None:
    """What is pushed onto a heap; all pushes of one run of the function are one choice."""
    owner = next((each for each in scopes.above(call) if isinstance(each, ast.FunctionDef)), None)
    item = call.args[1]
    if owner is None or not isinstance(item, ast.Tuple) or len(item.elts) < 2:
        return None
    return _expression(scopes, "the first of what a heap compares", call.lineno, item, owner.body[0])


def _looked_up(scopes: Scopes, call: ast.Call) -> Site | None:
    """`keys.index(min(keys))`, where keys come out of a comprehension."""
    inner, owner = call.args[0], call.func
    assert isinstance(owner, ast.Attribute)
    keys = _name(owner.value)
    if not isinstance(inner, ast.Call) or _name(inner.func) not in ("min", "max") or not keys:
        return None
    made = _comprehension(scopes, owner.value)
    if made is None or [_name(each) for each in inner.args] != [keys]:
        return None
    return _expression(scopes, f"the {_name(inner.func)} of a list", call.lineno, made.elt, made.generators[0].iter)


def _ranked(scopes: Scopes, call: ast.Call, method: str) -> Site | None:
    assert isinstance(call.func, ast.Attribute)
    is_function = _name(call.func.value) in scopes.modules
    values = call.args[0] if is_function and call.args else None if is_function else call.func.value
    if values is None:
        return None
    made = _comprehension(scopes, values)
    if made is not None:
        return _expression(scopes, method, call.lineno, made.elt, made.generators[0].iter)
    rest = call.args[1:] if is_function else call.args
    rest = rest[1:] if method == "argpartition" else rest
    said = next((each.value for each in call.keywords if each.arg == "axis"), rest[0] if rest else None)
    try:
        axis = _RANKINGS[method] if said is None else ast.literal_eval(said)
    except ValueError:
        return None
    if axis is not None and type(axis) is not int:
        return None
    return Site(method, call.lineno, "array", core(values), None, axis)


def _expression(scopes: Scopes, how: str, line: int, value: ast.expr, opener: ast.expr | ast.stmt) -> Site:
    """The site of an expression; where that is but a call of one of the program's functions, what that returns."""
    inner = core(value)
    function = scopes.functions.get(_name(inner.func)) if isinstance(inner, ast.Call) else None
    if function is not None and not _is_generator(function):
        return Site(how, line, "function", function, opener)
    return Site(how, line, "expression", inner, opener)


def _declared(scopes: Scopes, call: ast.Call) -> Site | None:
    """A call of the declared function: a choice is one run of the loop or comprehension around it."""
    function = scopes.functions.get(_name(call.func))
    if function is None:
        return None
    for each in scopes.above(call):
        if isinstance(each, COMPREHENSIONS):
            return Site("declared", call.lineno, "function", function, each.generators[0].iter)
        if isinstance(each, _LOOPS):
            return Site("declared", call.lineno, "function", function, each)
    return None


def _comprehension(scopes: Scopes, node: ast.expr) -> ast.ListComp | ast.GeneratorExp | None:
    """The comprehension that a node is, or that its name stands for, or that it makes an array of."""
    if isinstance(node, ast.Name):
        node = scopes.assigned(node.id, node) or node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "array" and node.args:
        node = node.args[0]
    return node if isinstance(node, ast.ListComp | ast.GeneratorExp) else None


def _is_generator(function: ast.FunctionDef) -> bool:
    return any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(function))


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""
