"""Runs rules on many scenarios at a time, in float64: the meaning of a rule, which exports and engines must share."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from adrs.rule.form import Constant, Expression, Inputs, Leaf, Node, Rule, Terminal

Floats = NDArray[np.float64]


def bounded_logarithm(x: Floats) -> Floats:
    """2 (x - 1) / (x + 1)."""
    return 2.0 * (x - 1.0) / (x + 1.0)


FUNCTIONS: Mapping[str, Callable[..., Floats]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "aq": lambda a, b: a / np.sqrt(1.0 + b * b),
    "min": np.minimum,
    "max": np.maximum,
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "b": bounded_logarithm,
    "log": np.log,
    "exp": np.exp,
}


def transformed(inputs: Inputs, raw: Floats) -> Floats:
    """Raw features float64[..., features] as they enter the history."""
    columns = [
        bounded_logarithm(raw[..., place]) if feature.transform == "bounded-logarithm" else raw[..., place]
        for place, feature in enumerate(inputs.features)
    ]
    return np.stack(columns, axis=-1)


def slope_weights(window: int) -> Floats:
    """Weights float64[window] whose product with a history is its slope by least squares, per interval."""
    centred = np.arange(window) - (window - 1) / 2.0
    return np.asarray(centred / float((centred * centred).sum()), dtype=np.float64)


def reduced(history: Floats, terminal: Terminal) -> Floats:
    """One terminal of transformed histories float64[rows, window, features], the newest interval last."""
    column = history[:, :, terminal.feature]
    match terminal.reducer:
        case "last":
            return column[:, -1]
        case "previous":
            return column[:, -2]
        case "mean":
            return np.asarray(_in_order(column) / column.shape[1])
        case "slope":
            return _in_order(column * slope_weights(column.shape[1]))
        case "minimum":
            return np.asarray(column.min(axis=1))
        case "maximum":
            return np.asarray(column.max(axis=1))
    raise ValueError(f"there is no reducer {terminal.reducer}")


def _in_order(rows: Floats) -> Floats:
    """Sums of rows, oldest first: one order, so that exports and engines give the same digits."""
    total = rows[:, 0]
    for place in range(1, rows.shape[1]):
        total = total + rows[:, place]
    return total


def value(expression: Expression, terminals: Callable[[Terminal], Floats], rows: int) -> Floats:
    """An expression on many rows: float64[rows]. Undefined results are NaN or infinite, as in IEEE 754."""
    if isinstance(expression, Constant):
        return np.full(rows, expression.value)
    if isinstance(expression, Terminal):
        return terminals(expression)
    with np.errstate(all="ignore"):
        return FUNCTIONS[expression.name](*(value(each, terminals, rows) for each in expression.arguments))


class Interpreter:
    """Decides for many scenarios by one rule; holds the states of its branches."""

    def __init__(self, rule: Rule, scenarios: int = 1) -> None:
        self.rule = rule
        self._splits = {id(split): place for place, split in enumerate(rule.splits)}
        self._above = np.zeros((scenarios, len(self._splits)), dtype=bool)
        self._waited = np.full((scenarios, len(self._splits)), rule.patience, dtype=np.int64)

    @property
    def branches(self) -> NDArray[np.int64]:
        """A copy of all branches' states, int64[scenarios, branches, 2]: side (1 = above) and intervals waited."""
        return np.stack([self._above.astype(np.int64), self._waited], axis=-1)

    def decide(self, raw: Floats, scenarios: Sequence[int] | NDArray[np.int64]) -> Floats:
        """Answers float64[rows] for raw histories float64[rows, window, features] of these scenarios, one row each."""
        history, asked = transformed(self.rule.inputs, raw), np.asarray(scenarios, dtype=np.int64)
        known: dict[Terminal, Floats] = {}

        def terminals(terminal: Terminal) -> Floats:
            if terminal not in known:
                known[terminal] = reduced(history, terminal)
            return known[terminal]

        for place, split in enumerate(self.rule.splits):
            self._watch(place, terminals(split.terminal) > split.threshold, asked)
        answers = self._answers(self.rule.root, terminals, asked)
        return np.clip(answers, self.rule.inputs.low, self.rule.inputs.high)

    def _watch(self, place: int, seen: NDArray[np.bool_], asked: NDArray[np.int64]) -> None:
        """Move a branch's side where it has been seen on the other one for long enough."""
        above, waited = self._above[asked, place], self._waited[asked, place]
        waited = np.where(seen == above, 0, waited + 1)
        moves = waited >= self.rule.patience
        self._above[asked, place] = np.where(moves, seen, above)
        self._waited[asked, place] = np.where(moves, 0, waited)

    def _answers(self, node: Node, terminals: Callable[[Terminal], Floats], asked: NDArray[np.int64]) -> Floats:
        if isinstance(node, Leaf):
            return value(node.expression, terminals, len(asked))
        above = self._above[asked, self._splits[id(node)]]
        return np.where(above, self._answers(node.above, terminals, asked), self._answers(node.below, terminals, asked))
