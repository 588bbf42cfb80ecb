"""Cheap rules to compare with."""

import numpy as np
import pytest

from adrs.distill.symbolic.controls import cart, pursuits
from adrs.distill.symbolic.examples import Examples, r_squared
from adrs.distill.symbolic.fit import fidelity, front
from adrs.rule.form import Constant, Feature, Inputs, Leaf, Operation, Rule, Split, Terminal
from adrs.rule.size import rule_operations

INPUTS = Inputs(tuple(Feature(name, name, "1", 0.0, -9.0, 9.0) for name in "xyz"), window=1, low=-50.0, high=50.0)
X, Y, Z = INPUTS.terminals


@pytest.fixture(scope="module")
def table():
    columns = np.random.default_rng(0).normal(size=(1000, 3))
    targets = 4.0 + 3.0 * columns[:, 0] + 0.5 * columns[:, 2]
    return Examples(INPUTS.terminals, columns, targets, np.arange(1000))


def test_pursuit_takes_what_explains_most_first(table):
    one, two, three = pursuits(table, (1, 2, 3))
    assert r_squared(table.value(one), table.targets) == pytest.approx(9 / 9.25, abs=0.01)
    assert table.value(two) == pytest.approx(table.targets)
    assert table.value(three) == pytest.approx(table.targets)


def test_cart_is_a_rule_of_constants_that_does_not_wait(table):
    rule = cart(table, INPUTS, 8)
    assert len(rule.leaves) == 8
    assert all(isinstance(leaf.expression, Constant) for leaf in rule.leaves)
    assert rule.patience == 1
    assert 0.7 < fidelity(rule, table) < 1.0


def test_operations_count_what_a_decision_takes(table):
    weighted = Operation("mul", (Constant(2.0), X))
    assert rule_operations(Rule(INPUTS, Leaf(X))) == 2  # the cut to the range
    assert rule_operations(Rule(INPUTS, Leaf(Operation("aq", (weighted, Y))))) == 2 + 1 + 4
    assert rule_operations(cart(table, INPUTS, 4)) == 2 + 3
    longer = Inputs(INPUTS.features, window=10, low=-1.0, high=1.0)
    ring, total = 2, 3  # moved on; the oldest out, the newest in, and into the next sum
    assert rule_operations(Rule(longer, Leaf(Terminal(0, "mean")))) == 2 + ring + total + 1
    assert rule_operations(Rule(longer, Leaf(Terminal(0, "slope")))) == 2 + ring + total + 8 + 1
    assert rule_operations(Rule(longer, Leaf(Terminal(0, "previous")))) == 2
    for patience, waiting in ((1, 0), (2, 1), (3, 3)):
        tested = Split(Terminal(0, "mean"), 0.5, Leaf(X), Leaf(Y))
        assert rule_operations(Rule(longer, tested, patience)) == 2 + ring + total + 1 + waiting
    twice = Operation("mul", (weighted, weighted))
    assert rule_operations(Rule(INPUTS, Leaf(twice))) == 2 + 2  # computed once


def test_a_front_has_no_member_that_is_not_finite_and_none_that_a_smaller_one_matches(table):
    pole = Operation("log", (X,))
    good = Operation("add", (Operation("mul", (Constant(3.0), X)), Constant(4.0)))
    longer = Operation("add", (good, Operation("mul", (Constant(0.0), Z))))
    members = front([pole, longer, good], table, table)
    assert [member.expression for member in members] == [Constant(float(table.targets.mean())), good]
    assert [member.r_squared for member in members] == pytest.approx([0.0, 9 / 9.25], abs=0.01)
