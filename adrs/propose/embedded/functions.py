"""A function of one program put into another, with what it needs."""

import ast
from collections.abc import Iterable, Iterator, Mapping

from adrs.propose.embedded.text import Text

_Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom


class _Module:
    """Module-level definitions of a program by name. Raises SyntaxError for source that is no program."""

    def __init__(self, source: str) -> None:
        self.tree = ast.parse(source)
        self.text = Text(source)
        self.definitions: dict[str, _Definition] = {}
        for node in self.tree.body:
            for name in _bound(node):
                assert isinstance(node, _Definition)
                self.definitions[name] = node

    def code(self, name: str) -> str:
        """Source of a definition, decorators included."""
        node = self.definitions[name]
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        start = min([self.text.lines(node)[0], *(self.text.span(decorator)[0] - 1 for decorator in decorators)])
        return self.text.cut(start, self.text.lines(node)[1]).rstrip("\n") + "\n"

    def reachable(self, names: Iterable[str]) -> dict[str, str]:
        """Definitions that some names lead to, themselves included, with a text to compare each by."""
        found: dict[str, str] = {}
        left = list(names)
        while left:
            name = left.pop()
            if name in self.definitions and name not in found:
                found[name] = ast.dump(self.definitions[name])
                left += [node.id for node in ast.walk(self.definitions[name]) if isinstance(node, ast.Name)]
        return found


class Transplant:
    """Functions of a donor that can replace those of a recipient. Raises SyntaxError where one does not parse."""

    def __init__(self, recipient: str, donor: str, entries: Iterable[str]) -> None:
        self._recipient, self._donor = _Module(recipient), _Module(donor)
        self._entries = list(entries)

    def names(self) -> list[str]:
        """Functions that both have with the same signature and different bodies, and that the recipient uses."""
        theirs, ours = self._donor.definitions, self._recipient.definitions
        used = self._recipient.reachable(self._entries)
        return [name for name in used if _signature(ours[name]) is not None
                and _signature(ours[name]) == _signature(theirs.get(name))
                and used[name] != ast.dump(theirs[name])]  # fmt: skip

    def source_with(self, name: str) -> str | None:
        """The recipient with the donor's function; what that needs and the recipient lacks comes along.

        A helper of the same name stays the recipient's. None where the outcome would be the donor over again.
        """
        missing = [other for other in self._donor.reachable([name]) if other not in self._recipient.definitions]
        node = self._recipient.definitions[name]
        start = self._recipient.text.lines(node)[0]
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        start = min([start, *(self._recipient.text.span(decorator)[0] - 1 for decorator in decorators)])
        end = self._recipient.text.lines(node)[1]
        order = sorted(missing, key=lambda other: self._donor.definitions[other].lineno)
        pieces = list(dict.fromkeys(self._donor.code(other) for other in order))
        added = "".join(f"{piece}\n\n" if piece.startswith(("def", "class", "@")) else f"{piece}\n" for piece in pieces)
        source = self._recipient.text.replace([(start, end, added + self._donor.code(name))])
        try:
            behaviour = _Module(source).reachable(self._entries)
        except SyntaxError:
            return None
        return None if behaviour == self._donor.reachable(self._entries) else source


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _signature(node: _Definition | None) -> str | None:
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
