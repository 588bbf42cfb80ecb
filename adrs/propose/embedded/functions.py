"""A function of one program put into another, with what it needs."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from adrs.propose.embedded.text import Text

_IMPORTS = (ast.Import, ast.ImportFrom)
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class _Module:
    """What makes the module-level names of a program. Raises SyntaxError for source that is no program."""

    def __init__(self, source: str) -> None:
        self._text = Text(source)
        self._makers: dict[str, list[ast.stmt]] = {}
        for node in ast.parse(source).body:
            for name in dict.fromkeys(_made(node)):
                self._makers.setdefault(name, []).append(node)
        self.code = {name: "".join(map(self.cut, nodes)) for name, nodes in self._makers.items()}
        self.reads = {name: frozenset().union(*map(_names, nodes)) for name, nodes in self._makers.items()}

    def signature(self, name: str) -> str | None:
        """Names of the arguments as text, None for what is no function."""
        nodes = self._makers[name]
        return ast.unparse(_plain(nodes[0].args)) if len(nodes) == 1 and isinstance(nodes[0], ast.FunctionDef) else None

    def makers(self, names: Iterable[str]) -> list[ast.stmt]:
        """The statements that make some names, in order."""
        nodes = {node.lineno: node for name in names for node in self._makers[name]}
        return [node for _, node in sorted(nodes.items())]

    def with_code(self, name: str, code: str) -> str:
        """The source with other text in the place of a function."""
        return self._text.replace([(*self._span(self._makers[name][0]), code)])

    def cut(self, node: ast.stmt) -> str:
        """The source of a statement, decorators included."""
        return self._text.cut(*self._span(node)).rstrip("\n") + "\n"

    def _span(self, node: ast.stmt) -> tuple[int, int]:
        """First byte of a statement's first line and the byte after its last."""
        start, end = self._text.lines(node)
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        return min([start, *(self._text.span(decorator)[0] - 1 for decorator in decorators)]), end


@lru_cache(maxsize=32)
def _module(source: str) -> _Module:
    return _Module(source)


class Transplant:
    """Functions of a donor that can replace those of a recipient. Raises SyntaxError where one does not parse.

    entries: names of the functions that are called from outside; where there are none, all definitions.
    """

    def __init__(self, recipient: str, donor: str, entries: Iterable[str]) -> None:
        self._recipient, self._donor = _module(recipient), _module(donor)
        self._entries = list(entries) or list(self._recipient.code)

    def names(self) -> list[str]:
        """Functions that both have with the same signature and different bodies, and that the recipient uses."""
        ours, theirs = self._recipient, self._donor
        used = _reachable(self._entries, ours.reads)
        return [name for name in used if name in theirs.code and ours.code[name] != theirs.code[name]
                and ours.signature(name) is not None and ours.signature(name) == theirs.signature(name)]  # fmt: skip

    def source_with(self, name: str) -> str | None:
        """The recipient with the donor's function; what that needs and the recipient lacks comes along.

        A helper of the same name stays the recipient's. None where that one takes other arguments, where what comes
        along would make something of the recipient's anew, or where the outcome would be the donor over again.
        """
        ours, theirs = self._recipient, self._donor
        lacking = {other: reads for other, reads in theirs.reads.items() if other == name or other not in ours.code}
        brought = _reachable([name], lacking)
        met = {other for each in brought for other in theirs.reads[each] if other in ours.code and other in theirs.code}
        if any(ours.signature(other) != theirs.signature(other) for other in met):
            return None
        added = theirs.makers(other for other in brought if other != name)
        if any(ours.code.keys() & set(_made(node)) for node in added if not isinstance(node, _IMPORTS)):
            return None
        reads = {**ours.reads, **{other: theirs.reads[other] for other in brought}}
        code = {**ours.code, **{other: theirs.code[other] for other in brought}}
        if all(code[other] == theirs.code.get(other) for other in _reachable(self._entries, reads)):
            return None
        pieces = [f"{piece}\n\n" if "\n" in piece[:-1] else piece for piece in map(theirs.cut, added)]
        return ours.with_code(name, "".join(pieces) + theirs.code[name])


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


def _made(node: ast.AST) -> Iterator[str]:
    """Module-level names that a statement binds, or fills as `TABLE[3] = 5` and `TABLE.update(more)` do."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, _IMPORTS):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    elif not isinstance(node, _SCOPES):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            yield from _owner(node)
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
        ):
            yield from _owner(node.value.func)
        for child in ast.iter_child_nodes(node):
            yield from _made(child)


def _owner(node: ast.expr) -> Iterator[str]:
    """The name that an entry or an attribute is one of."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


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
