"""The constants of expressions and rules: read, replaced, fitted."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from adrs.rule.form import Constant, Expression, Leaf, Node, Operation, Rule, Split, Terminal, subexpressions
from adrs.rule.interpret import value

Floats = NDArray[np.float64]
Columns = Callable[[Terminal], Floats]
"""Values of a terminal, float64[rows]."""

_CALLS = 40
"""Of the expression for each of its constants, at most, in one fit."""


def constants(expression: Expression) -> list[float]:
    """All of them, outermost first."""
    return [each.value for each in subexpressions(expression) if isinstance(each, Constant)]


def with_constants(expression: Expression, values: Sequence[float]) -> Expression:
    """The expression with its constants replaced, in the order of `constants`."""
    return _replaced(expression, iter(values))


def _replaced(expression: Expression, values: Iterator[float]) -> Expression:
    if isinstance(expression, Constant):
        return Constant(float(next(values)))
    if isinstance(expression, Operation):
        return Operation(expression.name, tuple(_replaced(each, values) for each in expression.arguments))
    return expression


def rule_constants(rule: Rule) -> list[float]:
    """Thresholds and constants of a rule, in the order of its nodes."""
    return list(_of_node(rule.root))


def _of_node(node: Node) -> Iterator[float]:
    if isinstance(node, Leaf):
        yield from constants(node.expression)
    else:
        yield node.threshold
        yield from _of_node(node.below)
        yield from _of_node(node.above)


def rule_with_constants(rule: Rule, values: Sequence[float]) -> Rule:
    """The rule with its constants and thresholds replaced, in the order of `rule_constants`."""
    return Rule(rule.inputs, _node_with(rule.root, iter(values)), rule.patience)


def _node_with(node: Node, values: Iterator[float]) -> Node:
    if isinstance(node, Leaf):
        return Leaf(_replaced(node.expression, values))
    threshold = float(next(values))
    below = _node_with(node.below, values)
    return Split(node.terminal, threshold, below, _node_with(node.above, values))


def refitted(expression: Expression, columns: Columns, targets: Floats) -> Expression:
    """The expression with all constants fitted by least squares (Levenberg-Marquardt) to targets float64[rows].

    The expression itself where there is nothing to fit, or where the fit comes to nothing better.
    """
    from scipy.optimize import least_squares

    first = np.array(constants(expression))
    rows = len(targets)
    if not 0 < len(first) <= rows:
        return expression

    def errors(values: Floats) -> Floats:
        found = value(with_constants(expression, values.tolist()), columns, rows) - targets
        return np.nan_to_num(found, nan=1e9, posinf=1e9, neginf=-1e9)

    fitted = least_squares(errors, first, method="lm", max_nfev=_CALLS * (len(first) + 1))
    better = np.isfinite(fitted.x).all() and float(fitted.cost) < 0.5 * float((errors(first) ** 2).sum())
    return with_constants(expression, fitted.x.tolist()) if better else expression
