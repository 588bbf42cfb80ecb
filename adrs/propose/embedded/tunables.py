"""Programs as functions of a few numbers: what an optimizer's vector means, and the program that it stands for.

A vector holds offsets: at the origin every number is what it is in the program.
"""

import math
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from adrs.program import Program
from adrs.propose.embedded import expressions, literals
from adrs.propose.embedded.literals import Literal
from adrs.propose.embedded.template import Fill, Hole, Template
from adrs.propose.embedded.text import MOST_DIGITS, number

MOST_DIMENSIONS = 12
_RANGE = 0.5
"""Part of a hole's range that an offset of 1 is; for a number without a range an offset of 1 is a factor of e."""
_FARTHEST = 7.0

Values = tuple[float, ...]

Change = tuple[str, str, str]
"""Name, old and new text of one number."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A program made of a vector."""

    source: str
    changes: tuple[Change, ...]
    detail: Mapping[str, Any]


class Tunable(Protocol):
    """A program with numbers to tune."""

    size: int
    """How many there are."""
    skeleton: str
    """The same for all programs that differ in these numbers alone."""
    names: list[str]
    """What each number is called, the same in programs that come from each other."""

    def move(self, chosen: Sequence[int], vector: Sequence[float]) -> Values:
        """The chosen numbers moved by the offsets of the vector."""

    def render(self, chosen: Sequence[int], values: Values) -> Rendered:
        """The program with other values for the chosen numbers."""


def of(program: Program, templates: Mapping[str, Template]) -> Iterator[Tunable]:
    """What can be tuned in a program: holes, if it is a building block as filled, then literals of its source."""
    template = templates.get(str(program.detail.get("block")))
    fills = program.detail.get("holes")
    if template is not None and fills is not None and len(fills) == len(template.holes):
        holes = HoleTunable(template, fills)
        if holes.size:
            yield holes
    found = LiteralTunable(program.source)
    if found.size:
        yield found


def choose(rng: random.Random, tunable: Tunable, tuned: Collection[int] = ()) -> list[int]:
    """Which numbers to tune: all, or a random part where they are many, those that were not tuned yet first."""
    numbers = rng.sample(range(tunable.size), tunable.size)
    numbers.sort(key=lambda at: at in tuned)
    return sorted(numbers[:MOST_DIMENSIONS])


class LiteralTunable:
    """The numbers in a source."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._literals = literals.find(source)
        self.size = len(self._literals)
        self.skeleton = literals.skeleton(source)
        self.names = [f"{self.skeleton} {literal.name}" if literal.nameless else literal.name
                      for literal in self._literals]  # fmt: skip

    def move(self, chosen: Sequence[int], vector: Sequence[float]) -> Values:
        """The chosen numbers moved by the offsets of the vector."""
        return tuple(_move(self._literals[at], offset) for at, offset in zip(chosen, vector, strict=True))

    def render(self, chosen: Sequence[int], values: Values) -> Rendered:
        """The program with other values for the chosen numbers."""
        pairs = [(self._literals[at], value) for at, value in zip(chosen, values, strict=True)]
        changes = [(literal.name, number(literal.value, literal.integral), number(value, literal.integral))
                   for literal, value in pairs]  # fmt: skip
        return Rendered(literals.replace(self._source, pairs), _real_changes(changes), {})


class HoleTunable:
    """The numbers in the holes of a building block: those of numeric holes, and the constants of expressions."""

    def __init__(self, template: Template, fills: Sequence[Fill]) -> None:
        self._template = template
        self._fills = list(fills)
        self._places: list[tuple[int, int | None, float]] = []
        structure: list[Fill] = list(fills)
        for index in template.active(fills):
            hole, fill = template.holes[index], fills[index]
            if isinstance(fill, int | float) and hole.numeric and hole.high > hole.low:
                self._places.append((index, None, fill))
                structure[index] = "#"
            elif hole.kind == "expression":
                constants = expressions.constants(str(fill))
                self._places += [(index, at, value) for at, (_, _, value) in enumerate(constants)]
                structure[index] = expressions.with_constants(str(fill), [1.0] * len(constants))
        self.size = len(self._places)
        self.skeleton = f"{template.name} {structure}"
        self.names = [f"{template.name} {template.holes[index].name} {constant}" for index, constant, _ in self._places]

    def move(self, chosen: Sequence[int], vector: Sequence[float]) -> Values:
        """The chosen numbers moved by the offsets of the vector."""
        moved = []
        for at, offset in zip(chosen, vector, strict=True):
            index, constant, value = self._places[at]
            hole = self._template.holes[index]
            moved.append(_move_hole(hole, value, offset) if constant is None else _round(value * _factor(offset)))
        return tuple(moved)

    def render(self, chosen: Sequence[int], values: Values) -> Rendered:
        """The program with other values for the chosen numbers."""
        fills = list(self._fills)
        touched: dict[int, list[float]] = {}
        for at, value in zip(chosen, values, strict=True):
            index, constant, _ = self._places[at]
            if constant is None:
                fills[index] = value
                touched[index] = []
            else:
                current = [value for _, _, value in expressions.constants(str(fills[index]))]
                touched.setdefault(index, current)[constant] = value
        for index, constants in touched.items():
            if constants:
                fills[index] = expressions.with_constants(str(fills[index]), constants)
        changes = [(self._template.holes[index].name, self._template.fill_text(index, self._fills),
                    self._template.fill_text(index, fills)) for index in touched]  # fmt: skip
        detail = {"block": self._template.name, "holes": fills}
        return Rendered(self._template.render(fills), _real_changes(changes), detail)


def _move(literal: Literal, offset: float) -> float:
    value = literal.value * _factor(offset)
    return max(1, round(value)) if literal.integral else _round(value)


def _move_hole(hole: Hole, value: float, offset: float) -> int | float:
    """Offsets past an end of the range come back from it."""
    position = (hole.position(value) + _RANGE * offset) % 2.0
    return hole.at(position if position <= 1.0 else 2.0 - position)


def _factor(offset: float) -> float:
    return math.exp(min(max(offset, -_FARTHEST), _FARTHEST))


def _round(value: float) -> float:
    return float(f"{value:.{MOST_DIGITS}g}")


def _real_changes(changes: Sequence[Change]) -> tuple[Change, ...]:
    return tuple(change for change in changes if change[1] != change[2])
