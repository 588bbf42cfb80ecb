"""Splits stand where linear models change, not where a constant would."""

import numpy as np
import pytest

from adrs.distill.symbolic.examples import Examples
from adrs.distill.symbolic.model_tree import contexts, grow
from adrs.rule.form import Constant, Feature, Inputs, Leaf, Split, Terminal

INPUTS = Inputs(tuple(Feature(name, name, "1", 0.0, -9.0, 9.0) for name in "xy"), window=3, low=-5.0, high=5.0)
X, Y = contexts(INPUTS)


def table(targets, rows=4000):
    columns = np.random.default_rng(0).uniform(-1, 1, size=(rows, len(INPUTS.terminals)))
    made = Examples(INPUTS.terminals, columns, np.zeros(rows), np.arange(rows))
    noise = np.random.default_rng(1).normal(scale=0.1, size=rows)
    return Examples(made.terminals, columns, targets(made.column(X), made.column(Y)) + noise, made.group)


def test_contexts_are_means_over_the_window():
    assert contexts(INPUTS) == [Terminal(0, "mean"), Terminal(1, "mean")]


def test_a_steep_line_is_not_split():
    assert grow(table(lambda x, y: 5.0 * x - 3.0 * y), [X, Y]) == []


def test_a_change_of_slope_is_found_to_a_decile():
    trees = grow(table(lambda x, y: np.where(x > 0.2, 4.0 * y, -2.0 * y)), [X, Y])
    assert trees[0].leaves == 2
    assert trees[0].terminal == X
    assert trees[0].threshold == pytest.approx(0.2, abs=0.03)


def test_trees_grow_to_four_leaves_each_with_one_split_more():
    examples = table(lambda x, y: np.where(x > 0, 3.0, -1.0) * np.where(y > 0, x, -y))
    trees = grow(examples, [X, Y])
    assert [tree.leaves for tree in trees] == [2, 3, 4]
    for tree in trees:
        regions = np.array(tree.regions(examples))
        assert (regions.sum(axis=0) == 1).all()
        assert regions.sum(axis=1).min() >= 500
    assert [tree.leaves for tree in grow(examples, [X, Y], most_leaves=2)] == [2]


def test_small_sides_are_not_split_off():
    assert grow(table(lambda x, y: np.where(x > 0.2, 4.0 * y, -2.0 * y), rows=900), [X, Y]) == []


def test_leaves_come_in_the_order_of_the_regions():
    tree = grow(table(lambda x, y: np.where(x > 0.2, 4.0 * y, -2.0 * y)), [X, Y])[0]
    node = tree.node(iter([Constant(-1.0), Constant(1.0)]))
    assert node == Split(X, tree.threshold, Leaf(Constant(-1.0)), Leaf(Constant(1.0)))
