"""A function of one program put into another, with what it needs."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from adrs.propose.embedded.text import Text

_Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom


class _Module:
    """Module-level definitions of a program by name. Raises SyntaxError for source that is no program."""

    def __init__(self, source: str) -> None:
        self._text = Text(source)
        self.definitions: dict[str, _Definition] = {}
        for node in ast.parse(source).body:
            for name in _bound(node):
                assert isinstance(node, _Definition)
                self.definitions[name] = node
        self.code = {name: self._text.cut(*self.span(name)) for name in self.definitions}
        """Source of each definition, decorators included."""
        self.reads = {name: _names(node) for name, node in self.definitions.items()}

    def span(self, name: str) -> tuple[int, int]:
        """First byte of a definition's first line and the byte after its last."""
        node = self.definitions[name]
        start, end = self._text.lines(node)
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        return min([start, *(self._text.span(decorator)[0] - 1 for decorator in decorators)]), end

    def with_code(self, name: str, code: str) -> str:
        """The source with other text in the place of a definition."""
        return self._text.replace([(*self.span(name), code)])


@lru_cache(maxsize=32)
def _module(source: str) -> _Module:
    return _Module(source)


class Transplant:
    """Functions of a donor that can replace those of a recipient. Raises SyntaxError where one does not parse.

    entries: names of the functions that are called from outside; where there are none, all definitions.
    """

    def __init__(self, recipient: str, donor: str, entries: Iterable[str]) -> None:
        self._recipient, self._donor = _module(recipient), _module(donor)
        self._entries = list(entries) or list(self._recipient.definitions)

    def names(self) -> list[str]:
        """Functions that both have with the same signature and different bodies, and that the recipient uses."""
        ours, theirs = self._recipient, self._donor
        used = _reachable(self._entries, ours.reads)
        return [name for name in used if name in theirs.definitions and ours.code[name] != theirs.code[name]
                and _signature(ours.definitions[name]) is not None
                and _signature(ours.definitions[name]) == _signature(theirs.definitions[name])]  # fmt: skip

    def source_with(self, name: str) -> str | None:
        """The recipient with the donor's function; what that needs and the recipient lacks comes along.

        A helper of the same name stays the recipient's. None where the outcome would be the donor over again.
        """
        ours, theirs = self._recipient, self._donor
        missing = [other for other in _reachable([name], theirs.reads) if other not in ours.definitions]
        replaced = (name, *missing)
        reads = {**ours.reads, **{other: theirs.reads[other] for other in replaced}}
        code = {**ours.code, **{other: theirs.code[other] for other in replaced}}
        if all(code[other] == theirs.code.get(other) for other in _reachable(self._entries, reads)):
            return None
        missing.sort(key=lambda other: theirs.definitions[other].lineno)
        pieces = dict.fromkeys(theirs.code[other].rstrip("\n") for other in missing)
        added = "".join(f"{piece}\n\n\n" if "\n" in piece else f"{piece}\n" for piece in pieces)
        return ours.with_code(name, added + theirs.code[name].rstrip("\n") + "\n")


def _reachable(names: Iterable[str], reads: Mapping[str, frozenset[str]]) -> list[str]:
    """Definitions that some names lead to, themselves included."""
    found: dict[str, None] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name in reads and name not in found:
            found[name] = None
            left += sorted(reads[name])
    return list(found)


def _names(node: ast.AST) -> frozenset[str]:
    return frozenset(child.id for child in ast.walk(node) if isinstance(child, ast.Name))


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _signature(node: _Definition) -> str | None:
    """Names of the arguments as text, None for what is no function."""
    return ast.unparse(_plain(node.args)) if isinstance(node, ast.FunctionDef) else None


def _plain(arguments: ast.arguments) -> ast.arguments:
    """Arguments without annotations and default values."""

    def bare(argument: ast.arg) -> ast.arg:
        return ast.arg(argument.arg)

    names: Mapping[str, list[ast.arg]] = {
        "posonlyargs": [bare(argument) for argument in arguments.posonlyargs],
        "args": [bare(argument) for argument in arguments.args],
        "kwonlyargs": [bare(argument) for argument in arguments.kwonlyargs],
    }
    return ast.arguments(
        **names, vararg=arguments.vararg and bare(arguments.vararg), kw_defaults=[None] * len(names["kwonlyargs"]),
        kwarg=arguments.kwarg and bare(arguments.kwarg), defaults=[],
    )  # fmt: skip
