"""Formulas for readers: signs where they are looked for, and the same value to the last bit when read back."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adrs.distill.checks.formula import read
from adrs.distill.export.latex import latex
from adrs.rule.form import Leaf
from adrs.rule.interpret import value
from tests.adrs.distill.rules import GRADIENT, LATENCY, SENDING, rule

ROWS = np.random.default_rng(0).normal(scale=3.0, size=(3, 50))
COLUMNS = dict(zip((GRADIENT["feature"], LATENCY["feature"], SENDING["feature"]), ROWS, strict=True))
numbers = st.sampled_from([-1e-20, -29.082430246788594, -2.0, -0.5, 0.0, 1.0, 3e12, 0.1])
trees = st.recursive(
    numbers | st.sampled_from([GRADIENT, LATENCY, SENDING]),
    lambda inner: (
        st.tuples(st.sampled_from(["add", "sub", "mul", "div", "aq", "min", "max"]), inner, inner).map(list)
        | st.tuples(st.sampled_from(["neg", "abs", "tanh"]), inner).map(list)
    ),
    max_leaves=12,
)


@given(trees)
@example(["div", -1e-20, 0.0])
def test_what_is_read_back_is_the_same_number(tree: Any) -> None:
    made = rule(tree)
    assert isinstance(made.root, Leaf)
    low, high = made.inputs.low, made.inputs.high
    symbols = {f"x_{{{place}}}": row for place, row in enumerate(ROWS, start=1)}
    with np.errstate(all="ignore"):
        names = [each.identifier for each in made.inputs.features]
        expected = value(made.root.expression, lambda terminal: COLUMNS[names[terminal.feature]], ROWS.shape[1])
        expected = np.minimum(np.maximum(expected, low), high)
        found = read(latex(made)).value(symbols, lambda condition: np.ones(0, dtype=bool), ROWS.shape[1])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("tree", "written"),
    [
        (["add", 1.0, ["mul", -2.5, LATENCY]], r"1 - 2.5 \cdot x_{2}"),
        (["sub", 1.0, ["mul", -2.5, LATENCY]], r"1 + 2.5 \cdot x_{2}"),
        (["add", ["neg", LATENCY], ["neg", SENDING]], "-x_{2} - x_{3}"),
        (["sub", 1.0, ["add", -2.0, LATENCY]], r"1 - \left(-2 + x_{2}\right)"),
        (["mul", LATENCY, -2.0], r"x_{2} \cdot \left(-2\right)"),
    ],
)
def test_a_sign_stands_where_a_reader_expects_it(tree: Any, written: str) -> None:
    assert rf"v &= {written}" in latex(rule(tree)).splitlines()
