"""The numbers in a program's source that are worth tuning."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from adrs import evolve_blocks
from adrs.propose.embedded.text import Text, number

SHAPE_CALLS = frozenset((
    "arange", "astype", "bincount", "default_rng", "empty", "expand_dims", "eye", "full", "linspace", "ones", "Random",
    "repeat", "reshape", "seed", "swapaxes", "tile", "zeros",
))  # fmt: skip
"""Calls whose whole numbers are shapes, axes or seeds."""
KEYED_CALLS = frozenset(("get", "insert", "pop", "round", "setdefault"))
"""Calls of which a whole number that is an argument by itself is a key, an index or digits."""
SHAPE_KEYWORDS = frozenset(("axis", "dtype", "ndmin", "decimals", "size", "shape", "seed"))
_SENTINEL = 1e6
"""A number this large, or the inverse of one, stands for infinity or guards a division."""
_NAMELESS = "constant"


@dataclass(frozen=True, slots=True)
class Literal:
    """One number in the source."""

    name: str
    value: float
    integral: bool
    start: int
    end: int

    @property
    def nameless(self) -> bool:
        """Whether no variable stands for it, so that its name means something in programs of one skeleton only."""
        return self.name.startswith(_NAMELESS)


@lru_cache(maxsize=64)
def find(source: str) -> tuple[Literal, ...]:
    """The tunable numbers of a program, in order: in functions, and on the right of module-level assignments.

    Left out are 0, 1 and -1 (but not a 1.0 that a variable stands for), indices, keys and shapes, sizes that a length
    is compared with or a list is repeated to, the ends of the range that a rounded number is kept within, moduli,
    powers, and numbers that stand for infinity or guard a division. Empty where the source does not parse. Where the
    program has evolve blocks, only those within one.
    """
    try:
        tree, blocks = ast.parse(source), evolve_blocks.spans(source)
    except (SyntaxError, ValueError, RecursionError, evolve_blocks.Unbalanced):
        return ()
    finder = _Finder(Text(source))
    finder.visit(tree)
    if not blocks:
        return tuple(finder.found)
    lines = {index for start, end in blocks for index in range(start, end)}
    return tuple(literal for literal in finder.found if source.encode()[: literal.start].count(b"\n") in lines)


def replace(source: str, values: Iterable[tuple[Literal, float]]) -> str:
    """The source with other numbers in the place of some literals."""
    return Text(source).replace((literal.start, literal.end, number(value, literal.integral))
                                for literal, value in values)  # fmt: skip


@lru_cache(maxsize=64)
def skeleton(source: str) -> str:
    """A short name for all programs that differ in tunable numbers alone."""
    text = Text(source)
    bare = text.replace((literal.start, literal.end, "#") for literal in find(source))
    return blake2b(bare.encode(), digest_size=8).hexdigest()


class _Finder(ast.NodeVisitor):
    """Collects literals in the order of the source."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._name = ""
        self._function = ""
        self._counts: Counter[str] = Counter()
        self.found: list[Literal] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = [*zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True),
                 *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]  # fmt: skip
        for argument, default in pairs:
            if default is not None:
                self._visit_named(default, argument.arg)
        outer, self._function = self._function, node.name
        for statement in node.body:
            self.visit(statement)
        self._function = outer

    def visit_Assign(self, node: ast.Assign) -> None:
        target = node.targets[0]
        self._visit_named(node.value, ast.unparse(target) if isinstance(target, ast.Name | ast.Attribute) else "")

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        outer, self._name = self._name, ast.unparse(node.target)
        self.visit(node.value)
        self._name = outer

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._visit_named(node.value, ast.unparse(node.target))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Numbers in format strings are left alone."""

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func).rpartition(".")[2]
        self.visit(node.func)
        bare = name in KEYED_CALLS or _is_rounded(node)
        for value in () if name in SHAPE_CALLS else node.args:
            if not (bare and _is_whole(value)):
                self.visit(value)
        for keyword in node.keywords:
            if keyword.arg not in SHAPE_KEYWORDS:
                self._visit_named(keyword.value, keyword.arg or "")

    def visit_Dict(self, node: ast.Dict) -> None:
        for value in node.values:
            self.visit(value)

    def visit_match_case(self, node: ast.match_case) -> None:
        for part in (node.guard, *node.body):
            if part is not None:
                self.visit(part)

    def visit_Compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        counts = any(isinstance(side, ast.Call) and ast.unparse(side.func) == "len" for side in sides)
        for side in sides:
            if not (counts and isinstance(side, ast.Constant)):
                self.visit(side)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Mult) and (_is_sequence(node.left) or _is_sequence(node.right)):
            self.visit(node.left if _is_sequence(node.left) else node.right)
            return
        self.visit(node.left)
        fixed = isinstance(node.op, ast.Mod | ast.Pow | ast.LShift | ast.RShift | ast.BitAnd | ast.BitOr | ast.BitXor)
        if not (fixed and isinstance(node.right, ast.Constant) and isinstance(node.right.value, int)):
            self.visit(node.right)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float) or value in (0, 1):
            return
        if 1 / _SENTINEL < value < _SENTINEL:
            self._add(node, value)

    def _add(self, node: ast.Constant, value: float) -> None:
        start, end = self._text.span(node)
        name = self._name or self._nameless()
        self.found.append(Literal(name, float(value), isinstance(value, int), start, end))

    def _nameless(self) -> str:
        """A constant that no variable stands for is named by its place in the function."""
        self._counts[self._function] += 1
        where = f" of {self._function}" if self._function else ""
        return f"{_NAMELESS} {self._counts[self._function]}{where}"

    def _visit_named(self, node: ast.expr, name: str) -> None:
        outer, self._name = self._name, name
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value == 1.0:
            self._add(node, node.value)
        else:
            self.visit(node)
        self._name = outer


def _is_whole(node: ast.expr) -> bool:
    bare = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(bare, ast.Constant) and isinstance(bare.value, int)


def _is_sequence(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple | ast.ListComp)


def _is_rounded(node: ast.expr) -> bool:
    """Whether a call rounds a number, or keeps a rounded one within a range."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    return node.func.id == "round" or (node.func.id in ("max", "min") and any(map(_is_rounded, node.args)))


def describe(changes: Sequence[tuple[str, str, str]], most: int = 3) -> str:
    """`alpha 0.5 -> 0.62, ...` for a rationale: name, old and new text of each change."""
    shown = [f"{name} {old} -> {new}" for name, old, new in changes[:most]]
    return ", ".join([*shown, *(["..."] if len(changes) > most else [])])


def shared(source: str, other: str) -> list[tuple[Literal, float]]:
    """The literals of a source that another program has too, with their values there.

    Programs of one skeleton have all of them; others those of the same name, in the order in which it is repeated.
    """
    ours, theirs = find(source), find(other)
    if skeleton(source) == skeleton(other):
        return [(literal, partner.value) for literal, partner in zip(ours, theirs, strict=True)]
    known = {place: literal.value for place, literal in _places(theirs)}
    return [(literal, known[place]) for place, literal in _places(ours) if place in known]


def _places(found: Iterable[Literal]) -> Iterator[tuple[tuple[str, int], Literal]]:
    """Literals with their name and how many of that name stand before them."""
    counts: Counter[str] = Counter()
    for literal in found:
        if not literal.nameless:
            yield (literal.name, counts[literal.name]), literal
            counts[literal.name] += 1
