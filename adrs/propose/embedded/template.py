"""Building blocks as templates: a program with typed holes, and the texts that fill them.

The fills of a template are plain data, one value a hole in the order of the source: a number for `integer` and
`real`, the index of the argument for `choice`, and for `expression` a text in which a0, a1, ... stand for arguments.
"""

import ast
import math
import operator
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adrs.errors import UserError
from adrs.propose.embedded import expressions
from adrs.propose.embedded.text import MOST_DIGITS, Replacement, Text, is_atom, number
from adrs.source import BLOCKS

Fill = int | float | str

_KINDS = ("choice", "expression", "integer", "real")
_KEEP_DEFAULT = 0.25
_STEP = 0.2
"""Standard deviation of a local redraw of a number, as a part of the hole's range."""


@dataclass(frozen=True, slots=True)
class Hole:
    """One open part."""

    kind: str
    name: str
    """What the value is assigned to, or where it stands."""
    start: int
    end: int
    enclosed: bool
    """Whether the hole's place in the source delimits any expression, so that no parentheses are needed."""
    low: float = 0.0
    high: float = 0.0
    default: Fill = 0
    arguments: tuple[tuple[int, int], ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether a number fills it."""
        return self.kind in ("integer", "real")

    def at(self, position: float) -> int | float:
        """The number at a position in 0..1 of the range, in log scale where the lower end is above 0."""
        if self.low > 0:
            value = self.low * (self.high / self.low) ** position
        else:
            value = self.low + (self.high - self.low) * position
        value = min(max(value, self.low), self.high)
        return round(value) if self.kind == "integer" else float(f"{value:.{MOST_DIGITS}g}")

    def position(self, value: float) -> float:
        """The inverse of `at`."""
        if self.high <= self.low:
            return 0.0
        if self.low > 0:
            return math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


class Template:
    """A building block, parsed. Raises UserError for a hole that cannot be read."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._path = path
        source = path.read_text(encoding="utf-8")
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            raise UserError(f"building block {path}, line {error.lineno}: {error.msg}") from None
        self._text = Text(source)
        self._imports, names = self._find_imports(tree)
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        calls = [(node, kind) for node in ast.walk(tree) if isinstance(node, ast.Call)
                 and (kind := names.get(ast.unparse(node.func))) is not None]  # fmt: skip
        calls.sort(key=lambda call: self._text.span(call[0]))
        holes: list[Hole] = []
        for node, kind in calls:
            hole = self._hole(node, kind, parents)
            same = sum(other.name.partition(" (")[0] == hole.name for other in holes)
            holes.append(replace(hole, name=f"{hole.name} ({same + 1})") if same else hole)
        self.holes = tuple(holes)

    @property
    def defaults(self) -> list[Fill]:
        """Every hole as the block's author would have it."""
        return [hole.default for hole in self.holes]

    def draw(self, rng: random.Random) -> list[Fill]:
        """Every hole drawn, some left at their default."""
        return [hole.default if rng.random() < _KEEP_DEFAULT else self.redraw(rng, hole) for hole in self.holes]

    def redraw(self, rng: random.Random, hole: Hole, current: Fill | None = None) -> Fill:
        """A value for a hole: near the current one half of the time, if there is one."""
        near = current is not None and rng.random() < 0.5
        if hole.numeric:
            if near and isinstance(current, int | float):
                position = hole.position(current) + rng.gauss(0.0, _STEP)
                return hole.at(min(max(position, 0.0), 1.0))
            return hole.at(rng.random())
        count = len(hole.arguments)
        if hole.kind == "choice":
            return rng.choice([index for index in range(count) if index != current or count == 1])
        if near and isinstance(current, str):
            return expressions.vary(rng, current, count)
        return expressions.draw(rng, count)

    def active(self, fills: Sequence[Fill]) -> list[int]:
        """Indices of the holes that are in the program: not those in arguments that a choice leaves out."""
        return [index for index, hole in enumerate(self.holes)
                if all(self._keeps(outer, fills[at], hole) for at, outer in enumerate(self.holes))]  # fmt: skip

    def render(self, fills: Sequence[Fill]) -> str:
        """The program with its holes filled. Raises ValueError for fills that do not fit the holes."""
        if len(fills) != len(self.holes):
            raise ValueError(f"block {self.name} has {len(self.holes)} holes, not {len(fills)}")
        replacements = [*self._imports, *self._replacements(0, len(self._text.encoded), fills)]
        return self._text.replace(replacements)

    def fill_text(self, index: int, fills: Sequence[Fill]) -> str:
        """What stands in the place of one hole."""
        hole, value = self.holes[index], fills[index]
        if isinstance(value, int | float) and hole.numeric:
            return number(value, hole.kind == "integer")
        arguments = [self._text.cut(start, end, self._replacements(start, end, fills)) for start, end in hole.arguments]
        if isinstance(value, int):
            return arguments[value]
        return expressions.fill(str(value), arguments)

    def describe(self, fills: Sequence[Fill]) -> dict[str, str]:
        """Name and text of every hole in the program, for a rationale."""
        return {self.holes[index].name: self.fill_text(index, fills) for index in self.active(fills)}

    def _replacements(self, start: int, end: int, fills: Sequence[Fill]) -> list[Replacement]:
        """Of the outermost holes from `start` to `end`."""
        replacements: list[Replacement] = []
        for index, hole in enumerate(self.holes):
            if start <= hole.start and hole.end <= end:
                text = self.fill_text(index, fills)
                bare = is_atom(text) and not text.startswith("-") if not hole.enclosed else "\n" not in text
                replacements.append((hole.start, hole.end, text if bare else f"({text})"))
                start = hole.end
        return replacements

    def _keeps(self, outer: Hole, fill: Fill, hole: Hole) -> bool:
        if outer is hole or not (outer.start <= hole.start and hole.end <= outer.end):
            return True
        at = next(i for i, (start, end) in enumerate(outer.arguments) if start <= hole.start and hole.end <= end)
        return fill == at if outer.kind == "choice" else f"a{at}" in str(fill)

    def _find_imports(self, tree: ast.Module) -> tuple[list[Replacement], Mapping[str, str]]:
        """What removes the import of the holes, and the kind of hole by the text of the called function."""
        removals: list[Replacement] = []
        names: dict[str, str] = {}
        package, _, module = BLOCKS.rpartition(".")
        for node in ast.walk(tree):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            kept = []
            for alias in node.names:
                bound = alias.asname or alias.name
                if isinstance(node, ast.ImportFrom) and node.module == BLOCKS and alias.name in _KINDS:
                    names[bound] = alias.name
                elif (isinstance(node, ast.ImportFrom) and (node.module, alias.name) == (package, module)) or (
                    isinstance(node, ast.Import) and alias.name == BLOCKS
                ):
                    names.update({f"{bound}.{kind}": kind for kind in _KINDS})
                else:
                    kept.append(alias)
            if not kept:
                removals.append((*self._text.lines(node), ""))
            elif len(kept) < len(node.names):
                node.names = kept
                removals.append((*self._text.span(node), ast.unparse(node)))
        return removals, names

    def _hole(self, node: ast.Call, kind: str, parents: Mapping[ast.AST, ast.AST]) -> Hole:
        start, end = self._text.span(node)
        parent = parents[node]
        enclosed = isinstance(parent, _ENCLOSING) and not (isinstance(parent, ast.Call) and parent.func is node)
        name = _name(node, parents)
        if kind in ("choice", "expression"):
            if not node.args or node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
                raise self._wrong(node, f"{kind}() takes one or more arguments by position")
            arguments = tuple(self._text.span(argument) for argument in node.args)
            return Hole(kind, name, start, end, enclosed, default=0 if kind == "choice" else "a0", arguments=arguments)
        given = dict(zip(("low", "high", "default"), node.args, strict=False))
        given.update({keyword.arg: keyword.value for keyword in node.keywords if keyword.arg})
        try:
            low, high, default = (_value(given[key]) for key in ("low", "high", "default"))
        except (KeyError, ValueError, ArithmeticError):
            raise self._wrong(node, f"{kind}() takes three constants: low, high, default") from None
        if not low <= default <= high:
            raise self._wrong(node, f"{kind}() needs low <= default <= high, not {low}, {high}, {default}")
        return Hole(kind, name, start, end, enclosed, low, high, round(default) if kind == "integer" else default)

    def _wrong(self, node: ast.Call, message: str) -> UserError:
        return UserError(f"building block {self._path}, line {node.lineno}: {message}")


_ENCLOSING = (
    ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Call, ast.keyword, ast.List, ast.arguments, ast.If,
    ast.While, ast.Lambda, ast.Expr,
)  # fmt: skip

_PARTS: Mapping[type[ast.stmt], str] = {
    ast.Return: "result of", ast.If: "condition in", ast.While: "condition in", ast.For: "loop in",
}  # fmt: skip
"""What a hole of a statement without a variable is called."""

_ARITHMETIC: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip


def _value(node: ast.expr) -> float:
    """A number, or arithmetic on numbers; raises ValueError for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return _ARITHMETIC[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError("not a constant")


def _name(node: ast.expr, parents: Mapping[ast.AST, ast.AST]) -> str:
    """The variable or keyword that a hole's value goes to, else what it is of the function that it stands in."""
    part = ""
    for outer in _ancestors(node, parents):
        if isinstance(outer, ast.keyword) and outer.arg:
            return outer.arg
        if isinstance(outer, ast.Assign) and isinstance(outer.targets[0], ast.Name | ast.Attribute):
            return ast.unparse(outer.targets[0])
        if isinstance(outer, ast.AnnAssign | ast.AugAssign) and isinstance(outer.target, ast.Name):
            return outer.target.id
        if isinstance(outer, ast.stmt) and not part:
            part = next((text for kind, text in _PARTS.items() if isinstance(outer, kind)), "a statement of")
        if isinstance(outer, ast.FunctionDef):
            return f"{part} {outer.name}"
    return "a statement"


def _ancestors(node: ast.AST, parents: Mapping[ast.AST, Any]) -> Iterator[ast.AST]:
    while node in parents:
        node = parents[node]
        yield node
