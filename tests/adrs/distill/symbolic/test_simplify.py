"""Shorter expressions say the same; constants fit; what says the same twice is kept once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs.distill.symbolic.constants import constants, refitted, with_constants
from adrs.distill.symbolic.simplify import folded, mended, simplified, size
from adrs.rule.form import Constant, Expression, Operation, Terminal
from adrs.rule.interpret import value

X, Y = Terminal(0, "last"), Terminal(1, "mean")
ROWS = np.random.default_rng(1).normal(size=(200, 2))


def columns(terminal):
    return ROWS[:, terminal.feature]


def op(name, *arguments):
    return Operation(name, tuple(Constant(each) if isinstance(each, float) else each for each in arguments))


def expressions() -> st.SearchStrategy[Expression]:
    numbers = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]).map(Constant)
    binary = st.sampled_from(["add", "sub", "mul", "aq", "min", "max"])

    def extend(inner):
        return st.one_of(
            st.builds(lambda name, a, b: Operation(name, (a, b)), binary, inner, inner),
            st.builds(lambda name, a: Operation(name, (a,)), st.sampled_from(["neg", "abs", "tanh"]), inner),
        )

    return st.recursive(st.one_of(numbers, st.sampled_from([X, Y])), extend, max_leaves=8)


@settings(max_examples=60, deadline=None)
@given(expressions())
def test_a_simplified_expression_is_no_longer_and_says_the_same(expression):
    short = simplified(expression, columns, len(ROWS))
    assert size(short) <= size(expression)
    assert value(short, columns, len(ROWS)) == pytest.approx(value(expression, columns, len(ROWS)), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("expression", "short"),
    [
        (op("add", op("mul", 2.0, 3.0), op("mul", 1.0, X)), op("add", 6.0, X)),
        (op("sub", 0.0, op("neg", X)), X),
        (op("mul", op("min", X, X), 1.0), X),
        (op("add", op("mul", 0.0, Y), X), X),
        (op("div", X, 0.0), op("div", X, 0.0)),
    ],
)
def test_what_has_no_effect_is_folded_away(expression, short):
    assert folded(expression) == short


def test_what_the_engine_leaves_redundant_is_collected():
    redundant = op("add", 1.0, op("mul", 0.5, op("sub", op("mul", 4.0, X), op("sub", op("mul", -2.0, X), 3.0))))
    assert size(simplified(redundant, columns, len(ROWS))) == 5  # 3 x + 2.5


def test_constants_are_fitted_and_never_made_worse():
    targets = 3.0 * ROWS[:, 0] - np.maximum(0.5, ROWS[:, 1])
    start = op("sub", op("mul", 1.0, X), op("max", 0.1, Y))
    assert constants(refitted(start, columns, targets)) == pytest.approx([3.0, 0.5], abs=1e-4)
    assert refitted(with_constants(start, [3.0, 0.5]), columns, targets) == with_constants(start, [3.0, 0.5])


def test_duplicates_and_what_is_not_finite_are_dropped():
    targets = 2.0 * ROWS[:, 0]
    found = mended([op("mul", 1.5, X), op("mul", X, 2.5), op("add", op("log", Y), X)], columns, targets)
    assert len(found) == 1
    assert value(found[0], columns, len(ROWS)) == pytest.approx(targets)
