"""Other versions of a program: one that records what it chooses by, and one with another number in a key's place."""

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adrs.distill.priority import recorder
from adrs.distill.priority.scope import Scopes
from adrs.distill.priority.sites import Site, sites
from adrs.distill.priority.terms import Term, is_plain, terms
from adrs.interface import FunctionType
from adrs.problem_records import Choosing

_RECORDER = "adrs_recorder"
_ROW = "adrs_row"
_NOTHING = Choosing()
Change = Callable[[ast.expr], ast.expr]


@dataclass(frozen=True)
class Key:
    """A priority of a program, as plain data."""

    number: int
    """Among the sites of its program."""
    how: str
    line: int
    arrays: bool
    text: str
    """Of the number that decides."""
    terms: tuple[str, ...]


class Program:
    """A program and the places where it chooses by a number."""

    def __init__(self, source: str, functions: Mapping[str, FunctionType], choosing: Choosing = _NOTHING) -> None:
        """Take the text, the interface, and what the problem says of choices."""
        self.source = source
        self._functions, self._choosing = functions, choosing

    def keys(self) -> list[Key]:
        """Those that an expression could be looked for, in the order of the text. Raises RecursionError for a program
        that is nested too deeply.
        """
        tree = ast.parse(self.source)
        scopes = Scopes(tree)
        found = []
        for number, site in enumerate(sites(tree, self._choosing.function)):
            known = [] if is_plain(scopes, site) else self._terms(scopes, site)
            if known:
                texts = tuple(term.text for term in known)
                found.append(Key(number, site.how, site.line, site.way == "array", _text(site), texts))
        return found

    def recorded(self, key: Key) -> str:
        """The program with the recorder before it and its calls at one key."""
        tree, site, known = self._found(key)
        changes: dict[int, Change] = {}
        statements: dict[int, ast.stmt] = {}
        for place, term in enumerate(known):
            if term.place is not None:
                changes[id(term.place)] = _noting(place)
        asked = _asked(known)
        if isinstance(site.value, ast.FunctionDef):
            _record_returns(site.value, asked)
        elif site.way == "array":
            changes[id(site.value)] = _around(changes.get(id(site.value)), lambda value: _called(
                "array", [ast.Constant(site.axis), *asked, value]))  # fmt: skip
        else:
            changes[id(site.value)] = _around(changes.get(id(site.value)), lambda value: _called(
                "seen", [_called("enter", asked), value]))  # fmt: skip
        if isinstance(site.opener, ast.stmt):
            statements[id(site.opener)] = ast.Expr(_called("begin", []))
        elif site.opener is not None:
            changes[id(site.opener)] = _around(changes.get(id(site.opener)), lambda value: _called("begin", [value]))
        _Changing(changes, statements).visit(tree)
        head = ast.parse(Path(recorder.__file__).read_text()).body
        return _text_of(_with_head(tree, head))

    def replaced(self, key: Key, value: Callable[[Sequence[ast.expr]], ast.expr]) -> str:
        """The program with another number in the key's place: made of its terms, in their order."""
        tree, site, known = self._found(key)
        new = value([term.expression() for term in known])
        if isinstance(site.value, ast.FunctionDef):
            site.value.body = [ast.Return(new)]
        else:
            _Changing({id(site.value): lambda _: new}, {}).visit(tree)
        head = ast.parse("import numpy\n").body if key.arrays and _uses_numpy(new) else []
        return _text_of(_with_head(tree, head))

    def _found(self, key: Key) -> tuple[ast.Module, Site, list[Term]]:
        tree = ast.parse(self.source)
        site = sites(tree, self._choosing.function)[key.number]
        return tree, site, self._terms(Scopes(tree), site)

    def _terms(self, scopes: Scopes, site: Site) -> list[Term]:
        return terms(scopes, site, self._functions, self._choosing.items)


class _Changing(ast.NodeTransformer):
    """Changes nodes in place, and puts statements before others."""

    def __init__(self, changes: Mapping[int, Change], statements: Mapping[int, ast.stmt]) -> None:
        self._changes, self._statements = changes, statements

    def visit(self, node: ast.AST) -> ast.AST | list[ast.AST]:
        super().generic_visit(node)
        if isinstance(node, ast.expr) and id(node) in self._changes:
            return self._changes[id(node)](node)
        return [self._statements[id(node)], node] if id(node) in self._statements else node


def _around(inner: Change | None, outer: Change) -> Change:
    return outer if inner is None else lambda value: outer(inner(value))


def _noting(place: int) -> Change:
    return lambda value: _called("term", [ast.Constant(place), value])


def _called(method: str, arguments: Sequence[ast.expr]) -> ast.expr:
    function = ast.Attribute(ast.Name(_RECORDER, ast.Load()), method, ast.Load())
    return ast.Call(function, list(arguments), [])


def _asked(known: Sequence[Term]) -> list[ast.expr]:
    """How many terms there are, and a function from a place to the term's value."""
    body: ast.expr = ast.Constant(None)
    for place in reversed(range(len(known))):
        if known[place].place is None:
            test = ast.Compare(ast.Name("adrs_place", ast.Load()), [ast.Eq()], [ast.Constant(place)])
            body = ast.IfExp(test, known[place].expression(), body)
    given = ast.arguments(posonlyargs=[], args=[ast.arg("adrs_place")], kwonlyargs=[], kw_defaults=[], defaults=[])
    return [ast.Constant(len(known)), ast.Lambda(given, body)]


def _record_returns(function: ast.FunctionDef, asked: list[ast.expr]) -> None:
    """The terms when it is entered, the value of every return; those of functions in it are not its own."""
    pending: list[ast.AST] = [*function.body]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Return):
            value = node.value or ast.Constant(None)
            if isinstance(value, ast.Tuple) and value.elts:
                value.elts[0] = _called("seen", [ast.Name(_ROW, ast.Load()), value.elts[0]])
            else:
                node.value = _called("seen", [ast.Name(_ROW, ast.Load()), value])
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            pending += ast.iter_child_nodes(node)
    row: ast.stmt = ast.Assign([ast.Name(_ROW, ast.Store())], _called("enter", copy.deepcopy(asked)))
    function.body = [row, *function.body]


def _with_head(tree: ast.Module, head: list[ast.stmt]) -> ast.Module:
    """Statements after the docstring and what must stand before all else."""
    place = 0
    for number, statement in enumerate(tree.body):
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            place = number + 1
    if not place and tree.body and isinstance(tree.body[0], ast.Expr):
        place = 1
    tree.body = [*tree.body[:place], *head, *tree.body[place:]]
    return tree


def _uses_numpy(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "numpy" for each in ast.walk(node))


def _text_of(tree: ast.Module) -> str:
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _text(site: Site) -> str:
    value = site.value
    return f"{value.name}(...)" if isinstance(value, ast.FunctionDef) else " ".join(ast.unparse(value).split())
