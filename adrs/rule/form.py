"""What a rule is made of: named operations over reduced features and constants, and branches above them.

Everything here is data. Identifiers are those that a problem declares; no text of a program ever gets in.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Transform = Literal["identity", "bounded-logarithm"]
"""Applied to a feature of every interval before it enters the history. The bounded logarithm of a ratio x is
2 (x - 1) / (x + 1): equal to ln x to third order near 1, within [-2, 2], and no call of a library."""
TRANSFORMS: tuple[Transform, ...] = ("identity", "bounded-logarithm")

REDUCERS = ("last", "previous", "mean", "slope", "minimum", "maximum")
"""From a history of one feature, the newest last, to one number; `slope` is that of least squares, per interval."""

ARITY = {
    "add": 2, "sub": 2, "mul": 2, "div": 2, "aq": 2, "min": 2, "max": 2,
    "neg": 1, "abs": 1, "sqrt": 1, "tanh": 1, "b": 1, "log": 1, "exp": 1,
}  # fmt: skip
"""Arguments of each operation. `aq` is the analytic quotient a / sqrt(1 + b^2); `b` is the bounded logarithm."""

MOST_NODES = 10_000
MOST_DEPTH = 64


@dataclass(frozen=True)
class Feature:
    """One number that the host measures each interval."""

    name: str
    """For people."""
    identifier: str
    """In expressions and exports: lower-case letters, digits and underscores."""
    unit: str
    rest: float
    """What the history holds before the first interval."""
    low: float
    high: float
    """Range of the raw value: what exports are proven for."""
    transform: Transform = "identity"
    definition: str = ""
    """One sentence for whoever writes the host."""


@dataclass(frozen=True)
class Inputs:
    """What a rule is shown, and where its answers end."""

    features: tuple[Feature, ...]
    window: int
    """Intervals in the history; 1 = no history."""
    low: float
    high: float
    """Answers are cut to this range."""
    unit: float = 1.0
    """A change of the answer that matters: the scale of noise in recordings."""

    @property
    def reducers(self) -> tuple[str, ...]:
        """Those that say something about a history of this length."""
        return REDUCERS if self.window > 1 else ("last",)

    @property
    def terminals(self) -> "tuple[Terminal, ...]":
        """All of them, feature by feature."""
        return tuple(Terminal(index, reducer) for index in range(len(self.features)) for reducer in self.reducers)


def difference(made: Inputs, asked: Inputs) -> str:
    """The first thing that keeps a rule for some inputs from meaning the same for others, in words; empty where none
    does. Texts for people, which are names, units and definitions of features, do not.
    """
    for what in ("window", "low", "high", "unit"):
        if getattr(made, what) != getattr(asked, what):
            return f"{what} is {getattr(made, what)!r} there and {getattr(asked, what)!r} here"
    ours, theirs = ([each.identifier for each in inputs.features] for inputs in (asked, made))
    if theirs != ours:
        return f"the features are {', '.join(theirs)} there and {', '.join(ours)} here"
    for one, other in zip(made.features, asked.features, strict=True):
        for what in ("rest", "low", "high", "transform"):
            if getattr(one, what) != getattr(other, what):
                return f"{what} of {one.identifier} is {getattr(one, what)!r} there and {getattr(other, what)!r} here"
    return ""


@dataclass(frozen=True)
class Constant:
    """A finite number."""

    value: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"a constant must be finite, not {self.value}")


@dataclass(frozen=True)
class Terminal:
    """A feature, transformed and reduced."""

    feature: int
    """Place in `Inputs.features`."""
    reducer: str


@dataclass(frozen=True)
class Operation:
    """A named operation on as many arguments as it takes."""

    name: str
    arguments: "tuple[Expression, ...]"

    def __post_init__(self) -> None:
        if ARITY.get(self.name) != len(self.arguments):
            raise ValueError(f"there is no operation {self.name} of {len(self.arguments)} arguments")


Expression = Constant | Terminal | Operation


@dataclass(frozen=True)
class Leaf:
    """Answers with an expression."""

    expression: Expression


@dataclass(frozen=True)
class Split:
    """A branch: `above` where the terminal exceeds the threshold, else `below`."""

    terminal: Terminal
    threshold: float
    below: "Node"
    above: "Node"


Node = Leaf | Split


@dataclass(frozen=True)
class Rule:
    """A policy that answers one number.

    A branch changes its side only after `patience` intervals in a row on the other one; its first interval decides at
    once. Every branch watches every interval, also while another one's side keeps it from mattering.
    """

    inputs: Inputs
    root: Node
    patience: int = 2

    @property
    def splits(self) -> tuple[Split, ...]:
        """All branches, a parent before its children, `below` before `above`: the order of their states."""
        return tuple(node for node in nodes(self.root) if isinstance(node, Split))

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """All leaves, in the same order."""
        return tuple(node for node in nodes(self.root) if isinstance(node, Leaf))


def nodes(root: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield root
    if isinstance(root, Split):
        yield from nodes(root.below)
        yield from nodes(root.above)


def subexpressions(expression: Expression) -> Iterator[Expression]:
    """An expression and all within it, outermost first."""
    yield expression
    if isinstance(expression, Operation):
        for argument in expression.arguments:
            yield from subexpressions(argument)
