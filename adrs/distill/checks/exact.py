"""The answer of a rule with 50 digits: what rounding is measured against."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs.distill.checks.digits import mp, mpf
from adrs.rule.form import Constant, Expression, Leaf, Node, Rule, Terminal

DIGITS = 50


def _bounded(x: Any) -> Any:
    return 2 * (x - 1) / (x + 1)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "aq": lambda a, b: a / mp.sqrt(1 + b * b),
    "min": min,
    "max": max,
    "neg": lambda a: -a,
    "abs": abs,
    "sqrt": mp.sqrt,
    "tanh": mp.tanh,
    "b": _bounded,
    "log": mp.log,
    "exp": mp.exp,
}


def answer(rule: Rule, history: NDArray[np.float64], above: Sequence[bool]) -> float:
    """The answer to a raw history float64[window, features] with the branches on these sides, rounded once.

    Raises ZeroDivisionError and TypeError where there is none.
    """
    with mp.workdps(DIGITS):
        columns = [_entered(rule, place, history[:, place]) for place in range(history.shape[1])]
        sides = {id(split): side for split, side in zip(rule.splits, above, strict=True)}
        found = _value(_leaf(rule.root, sides), lambda terminal: _reduced(columns[terminal.feature], terminal.reducer))
        return float(min(max(found, mpf(rule.inputs.low)), mpf(rule.inputs.high)))


def _entered(rule: Rule, place: int, column: NDArray[np.float64]) -> list[Any]:
    values = [mpf(float(value)) for value in column]
    return [_bounded(x) for x in values] if rule.inputs.features[place].transform == "bounded-logarithm" else values


def _reduced(column: list[Any], reducer: str) -> Any:
    match reducer:
        case "last":
            return column[-1]
        case "previous":
            return column[-2]
        case "mean":
            return sum(column) / len(column)
        case "minimum":
            return min(column)
        case "maximum":
            return max(column)
    centred = [mpf(2 * place - len(column) + 1) / 2 for place in range(len(column))]
    return sum(c * x for c, x in zip(centred, column, strict=True)) / sum(c * c for c in centred)


def _leaf(node: Node, sides: Mapping[int, bool]) -> Expression:
    while not isinstance(node, Leaf):
        node = node.above if sides[id(node)] else node.below
    return node.expression


def _value(expression: Expression, terminals: Callable[[Terminal], Any]) -> Any:
    if isinstance(expression, Constant):
        return mpf(expression.value)
    if isinstance(expression, Terminal):
        return terminals(expression)
    return _FUNCTIONS[expression.name](*(_value(each, terminals) for each in expression.arguments))
