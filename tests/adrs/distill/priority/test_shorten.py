"""Nothing that changes the order is left out, and what changes none is."""

import ast
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adrs.distill.priority.ranking import Pairs
from adrs.distill.priority.shorten import scaled, shortened
from adrs.distill.priority.write import written
from adrs.rule.form import Constant, Leaf, Operation, Split, Terminal
from adrs.rule.interpret import value
from adrs.rule.size import expression_nodes

A, B, C = (Terminal(place, "last") for place in range(3))
COLUMNS = np.random.default_rng(5).uniform(0.5, 4.0, (60, 3))
KNOWN = [ast.parse(name, mode="eval").body for name in ("a", "b", "c")]


def op(name, *arguments):
    return Operation(name, tuple(each if not isinstance(each, float) else Constant(each) for each in arguments))


constants = st.floats(-8.0, 8.0).map(lambda number: Constant(round(number, 3)))
expressions = st.recursive(
    st.sampled_from([A, B, C]) | constants,
    lambda inner: st.tuples(st.sampled_from(["add", "sub", "mul", "aq", "min", "max", "div"]), inner, inner).map(
        lambda parts: op(*parts)) | inner.map(lambda each: op("neg", each)),
    max_leaves=8,
)  # fmt: skip


def on_rows(expression):
    return value(expression, lambda terminal: COLUMNS[:, terminal.feature], len(COLUMNS))


@settings(deadline=None)
@given(expressions)
def test_scales_and_offsets_keep_the_order(expression):
    before, after = on_rows(expression), on_rows(scaled(expression))
    if np.isfinite(before).all() and np.abs(before).max() < 1e6:
        order = np.argsort(before)
        spread = np.ptp(before)
        steps = np.diff(before[order])
        clear = steps > 0.05 * spread + 1e-9  # coefficients are equal to three digits
        assert (np.diff(after[order])[clear] >= -1e-9).all()


@settings(deadline=None)
@example(op("aq", A, op("div", A, 0.0)))
@example(op("aq", A, op("div", 1.0, 0.0)))
@given(expressions)
def test_what_is_written_is_what_is_meant(expression):
    expected = on_rows(expression)
    single = compile(ast.fix_missing_locations(ast.Expression(written(Leaf(expression), KNOWN))), "", "eval")
    whole = compile(ast.fix_missing_locations(ast.Expression(written(Leaf(expression), KNOWN, True))), "", "eval")
    a, b, c = COLUMNS.T
    if np.isfinite(expected).all():
        row = dict(zip("abc", COLUMNS[7].tolist(), strict=True))
        # Numbers alone have no infinity: a part that is infinite, and hence without weight here, is refused there.
        with suppress(ZeroDivisionError):
            assert np.allclose(eval(whole, {"numpy": np}, {"a": a, "b": b, "c": c}), expected)
        with suppress(ZeroDivisionError):
            assert eval(single, {}, row) == pytest.approx(expected[7], rel=1e-9, abs=1e-9)


def test_branches_are_written_for_items_and_for_arrays():
    node = Split(A, 2.0, Leaf(B), Leaf(op("neg", C)))
    assert ast.unparse(ast.fix_missing_locations(written(node, KNOWN))) == "-c if a > 2.0 else b"
    assert ast.unparse(ast.fix_missing_locations(written(node, KNOWN, True))) == "numpy.where(a > 2.0, -c, b)"


def agreement_with(expression):
    pairs = Pairs.of(on_rows(expression), np.repeat(np.arange(6), 10))

    def agreement(each):
        found = on_rows(each)
        return pairs.agreement(found) if np.isfinite(found).all() else float("nan")

    return agreement


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_found_expression_becomes_the_one_that_was_meant(sign):
    meant = op("div", op("add", A, B), op("sub", op("add", C, 5.0), B))
    above = op("sub", op("mul", 9.572914, A), op("mul", -9.572941, B))
    below = op("aq", above, op("sub", op("mul", sign * 11.06548, op("add", C, 5.0)), op("mul", sign * 11.06512, B)))
    found = op("add", -5.58e-7, op("mul", 1.15588, below))
    short = shortened(found, agreement_with(meant))
    assert agreement_with(meant)(short) == pytest.approx(1.0)
    assert expression_nodes(short) <= expression_nodes(meant)


def test_a_loss_that_is_allowed_saves_more():
    meant = op("add", A, op("mul", 0.03, B))
    agreement = agreement_with(meant)
    exact, rough = shortened(meant, agreement), shortened(meant, agreement, 0.05)
    assert agreement(exact) == pytest.approx(1.0)
    assert rough == A
