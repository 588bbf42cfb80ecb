"""What a teacher did becomes a table whose rows of one link stay together."""

import numpy as np
import pytest

from adrs.distill.record import Samples
from adrs.distill.symbolic.examples import joined, make_examples, r_squared
from adrs.errors import UserError
from adrs.rule.form import Constant, Feature, Inputs, Operation, Terminal

INPUTS = Inputs((Feature("x", "x", "1", 0.0, -9.0, 9.0),), window=2, low=-5.0, high=5.0)
LAST, MEAN = Terminal(0, "last"), Terminal(0, "mean")


def samples(flows, rows, workloads=1):
    """Rows of one flow are copies of each other, and its answers are noise."""
    generator = np.random.default_rng(0)
    flow = np.repeat(np.arange(flows), rows)
    observation = generator.normal(size=(flows, 2))[flow]
    return Samples(
        "decide", {"observation": observation}, generator.normal(size=flows)[flow],
        tuple(f"w{number}" for number in range(workloads)), ("train",) * workloads,
        flow * workloads // flows, flow, np.tile(np.arange(rows), flows),
    )  # fmt: skip


def nearest(fitted, held):
    """Answers of a memory: those of the nearest row that it has seen."""
    distance = np.abs(held.columns[:, None, :] - fitted.columns[None]).sum(axis=2)
    return fitted.targets[distance.argmin(axis=1)]


def test_copies_of_a_link_do_not_come_to_both_sides():
    table = make_examples(samples(flows=40, rows=5), INPUTS)
    fitted, held = table.split(seed=3)
    assert not set(fitted.group) & set(held.group)
    assert len(held) == 50
    assert r_squared(nearest(fitted, held), held.targets) < 0.2  # by row, the memory would reach 1
    by_row = np.arange(len(table)) % 4 == 0
    assert r_squared(nearest(table.take(~by_row), table.take(by_row)), table.take(by_row).targets) == 1.0


def test_whole_workloads_are_held_out_where_there_are_enough():
    table = make_examples(samples(flows=40, rows=3, workloads=8), INPUTS)
    assert len(np.unique(table.group)) == 8
    assert len(table.split(0)[1]) == 2 * 5 * 3


def test_long_links_do_not_rule():
    assert len(make_examples(samples(flows=3, rows=1000), INPUTS)) == 300


def test_one_link_cannot_be_split():
    with pytest.raises(UserError, match="more workloads"):
        make_examples(samples(flows=1, rows=50), INPUTS).split(0)


def test_expressions_are_worth_what_the_columns_say():
    table = make_examples(samples(flows=5, rows=2), INPUTS)
    double = Operation("sub", (Operation("mul", (Constant(3.0), LAST)), MEAN))
    assert table.value(double) == pytest.approx(3.0 * table.column(LAST) - table.column(MEAN))
    both = joined([table, table])
    assert len(np.unique(both.group)) == 10


def test_a_fit_that_is_not_finite_ranks_last():
    targets = np.array([1.0, 2.0, 3.0])
    assert r_squared(targets, targets) == 1.0
    assert r_squared(np.array([1.0, np.nan, 3.0]), targets) == -np.inf
