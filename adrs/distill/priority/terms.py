"""The numbers of which an expression may be made: what a key reads, and what is in sight of it.

Those in sight are numbers and arrays of the functions around the key, and what the problem shows the policy: an array
with one number an item enters as that of the item. A number that the key merely is, is not offered to explain it.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adrs.distill.priority.declared import of_all, of_item
from adrs.distill.priority.scope import Scopes, names, parameters, targets
from adrs.distill.priority.sites import Site, core
from adrs.interface import FunctionType, ValueType

MOST = 40
"""Terms of a site: the first ones, in the order of what they are likely to matter."""
_ELEMENTWISE = {
    "abs", "min", "max", "float", "int", "round", "pow", "minimum", "maximum", "sqrt", "log", "log2", "log10", "log1p",
    "exp", "expm1", "tanh", "floor", "ceil", "where", "clip", "square", "power", "absolute", "sign", "divide",
    "multiply", "add", "subtract", "hypot",
}  # fmt: skip
"""Functions whose arguments are looked into instead."""
_NUMBERS = ("int", "float")
_ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Compare, ast.BoolOp)


@dataclass(frozen=True, eq=False)
class Term:
    """One number, as the program writes it."""

    text: str
    place: ast.expr | None = None
    """Where it is computed, if that must not happen twice; None for what can be read any time."""

    def expression(self) -> ast.expr:
        """A syntax tree of its own."""
        return ast.parse(self.text, mode="eval").body


def is_plain(scopes: Scopes, site: Site) -> bool:
    """Whether a site's number is one that the program was given or has asked for, so that there is nothing to explain.

    A variable that the program assigns by arithmetic is not.
    """
    value = _number(site)
    if value is None:
        return False
    if isinstance(value, ast.Name | ast.Subscript):
        return not isinstance(_definition(scopes, value), _ARITHMETIC) or scopes.is_changed(_root(value))
    return not isinstance(value, _ARITHMETIC) and not (isinstance(value, ast.Call) and _looked_into(scopes, value))


def _number(site: Site) -> ast.expr | None:
    """A site's expression; of a function, what it returns if it does nothing else."""
    if not isinstance(site.value, ast.FunctionDef):
        return core(site.value)
    body = [
        each for each in site.value.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]
    only = body[0] if len(body) == 1 else None
    return core(only.value) if isinstance(only, ast.Return) and only.value is not None else None


def terms(scopes: Scopes, site: Site, functions: Mapping[str, FunctionType], declared: Sequence[str]) -> list[Term]:
    """Those of a site, each text once. declared: what the problem says of an item."""
    found: dict[str, Term] = {}
    alias = _root(_number(site))
    for term in (*_read(scopes, site), *map(Term, _near(scopes, site, functions, declared))):
        if not alias or _root(term.expression()) != alias:
            found.setdefault(term.text, term)
    return [*found.values()][:MOST]


def _root(node: ast.AST | None) -> str:
    """Name of the variable that a node is, or is a part of; empty for anything else."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _definition(scopes: Scopes, value: ast.expr) -> ast.expr | None:
    root = _root(value)
    return scopes.assigned(root, value) if root else None


def _read(scopes: Scopes, site: Site) -> Iterator[Term]:
    """What the key itself reads."""
    if isinstance(site.value, ast.FunctionDef):
        local = set(scopes.in_sight(site.value.body[0])) - set(parameters(site.value))
        local &= {each.id for each in ast.walk(site.value) if isinstance(each, ast.Name)
                  and isinstance(each.ctx, ast.Store)}  # fmt: skip
        for statement in site.value.body:
            for term in _atoms(scopes, statement):
                if term.place is None and not local & set(names(term.expression())):
                    yield term
        return
    yield from _atoms(scopes, site.value)
    definition = _definition(scopes, site.value)
    if isinstance(definition, _ARITHMETIC) and site.way == "array":
        yield from (term for term in _atoms(scopes, definition) if term.place is None)


def _atoms(scopes: Scopes, node: ast.AST) -> Iterator[Term]:
    """The largest parts of a node that are no arithmetic."""
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Load) and node.id not in scopes.modules and node.id not in scopes.functions:
            yield Term(node.id)
    elif isinstance(node, ast.Subscript | ast.Attribute):
        if _root(node) not in scopes.modules:
            calls = any(isinstance(each, ast.Call | ast.NamedExpr) for each in ast.walk(node))
            yield Term(ast.unparse(node), node if calls else None)
    elif isinstance(node, ast.Call) and not _looked_into(scopes, node) and not _is_own(scopes, node):
        yield Term(ast.unparse(node), node)
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from _atoms(scopes, argument)
    elif not isinstance(node, ast.Constant | ast.FunctionDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _atoms(scopes, child)


def _looked_into(scopes: Scopes, call: ast.Call) -> bool:
    """Whether it is a call of a function of numbers, built in or of a module."""
    function = call.func
    if isinstance(function, ast.Attribute) and _root(function.value) in scopes.modules:
        return function.attr in _ELEMENTWISE and not call.keywords
    return isinstance(function, ast.Name) and function.id in _ELEMENTWISE and not call.keywords


def _is_own(scopes: Scopes, call: ast.Call) -> bool:
    """Whether it is a call of one of the program's functions: what it answers would be the key itself again."""
    return isinstance(call.func, ast.Name) and call.func.id in scopes.functions


def _near(scopes: Scopes, site: Site, functions: Mapping[str, FunctionType], declared: Sequence[str]) -> Iterator[str]:
    """Texts of what is in sight: what the problem says of the item, then elements, then numbers."""
    inside = site.value.body[0] if isinstance(site.value, ast.FunctionDef) else site.value
    visible = [name for name in scopes.in_sight(inside) if not name.startswith("_")]
    shown = {name: kind for function in functions.values() for name, kind in function.arguments.items()}
    records = {name: shown[name] for name in visible if isinstance(shown.get(name), Mapping)}
    indices = [] if site.way == "array" else [each for each in _indices(scopes, site, inside) if each not in records]
    shown_here = [name for name in visible if name in shown]
    for index in indices:
        yield from of_item(declared, shown_here, index)
    if site.way == "array":
        yield from of_all(declared, shown_here)
    single: list[str] = []
    for name in visible:
        kind = records.get(name)
        if isinstance(kind, Mapping):
            for field, value in kind.items():
                text = f"{name}[{field!r}]"
                if site.way == "array" or (value.dims is None and value.base in _NUMBERS):
                    single.append(text)
                elif _is_column(value):
                    yield from (f"{text}[{index}]" for index in indices)
        elif name not in indices:
            yield from (f"{name}[{index}]" for index in indices)
            single.append(name)
    yield from single


def _is_column(kind: ValueType) -> bool:
    return kind.dims is not None and len(kind.dims) == 1 and kind.base != "str"


def _indices(scopes: Scopes, site: Site, inside: ast.AST) -> list[str]:
    """Names that say which item it is, the innermost first: parameters, targets of loops, what arrays are read at."""
    found: dict[str, None] = {}
    for each in (inside, *scopes.above(inside)):
        if isinstance(each, ast.Lambda):
            found |= dict.fromkeys(parameters(each))
        elif isinstance(each, ast.ListComp | ast.GeneratorExp):
            found |= dict.fromkeys(targets(each))
        elif isinstance(each, ast.For):
            found |= dict.fromkeys(name for name in names(each.target) if not name.startswith("_"))
        elif isinstance(each, ast.FunctionDef):
            break
    read = {each.slice.id for each in ast.walk(site.value)
            if isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Name)}  # fmt: skip
    if isinstance(site.value, ast.FunctionDef):  # its parameters may as well be numbers
        return [name for name in parameters(site.value) if name in read or _is_item(site.value, name)]
    return [*found, *(name for name in sorted(read) if name not in found)]


def _is_item(function: ast.FunctionDef, name: str) -> bool:
    """Whether a parameter is never used as a number: then it may say which item it is."""
    return not any(
        isinstance(each, ast.BinOp | ast.UnaryOp | ast.Compare)
        and any(isinstance(part, ast.Name) and part.id == name for part in ast.iter_child_nodes(each))
        for each in ast.walk(function)
    )
