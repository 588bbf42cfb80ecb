"""Agreement is that of pairs, each choice counts once, and only the order matters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, rankdata

from adrs.distill.priority.ranking import Pairs, ranks

whole = st.lists(st.tuples(st.integers(0, 4), st.integers(-5, 5)), min_size=2, max_size=40)


def columns(rows):
    group, values = (np.array(column) for column in zip(*rows, strict=True))
    return group.astype(np.int64), values.astype(np.float64)


@given(whole)
def test_ranks_are_those_within_each_choice(rows):
    group, values = columns(rows)
    found = ranks(values, group)
    for number in np.unique(group):
        inside = group == number
        expected = (rankdata(values[inside]) - 1) / (inside.sum() - 1) if inside.sum() > 1 else 0.5
        assert np.allclose(found[inside], expected)


@given(whole)
def test_only_the_order_matters(rows):
    group, values = columns(rows)
    pairs = Pairs.of(values, group)
    if len(pairs):
        assert pairs.agreement(values) == pytest.approx(1.0)
        assert pairs.agreement(3.0 * values + 100.0 * group) == pytest.approx(1.0)
        assert pairs.tau(np.exp(values)) == pytest.approx(1.0)
        ties = pairs.agreement(np.zeros(len(values))) - 0.5
        assert pairs.agreement(-values) == pytest.approx(2 * ties)
        assert pairs.tau(-values) == pytest.approx(-1.0)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=30))
def test_tau_is_the_known_one(rows):
    found, values = columns(rows)
    if len(np.unique(values)) > 1:
        pairs = Pairs.of(values, np.zeros(len(values), dtype=np.int64))
        expected = kendalltau(found, values).statistic if len(np.unique(found)) > 1 else 0.0
        assert pairs.tau(found.astype(np.float64)) == pytest.approx(expected)


def test_a_large_choice_counts_as_much_as_a_small_one():
    group = np.array([0] * 2 + [1] * 100)
    values = np.arange(102.0)
    turned = np.where(group == 0, -values, values)
    assert Pairs.of(values, group).agreement(turned) == pytest.approx(0.5)


def test_too_many_pairs_are_thinned_by_whole_choices():
    group = np.repeat(np.arange(100), 5)
    pairs = Pairs.of(np.tile(np.arange(5.0), 100), group, most=200)
    assert 100 <= len(pairs) <= 200
    assert len(pairs) % 10 == 0
    assert pairs.weight.sum() == pytest.approx(1.0)
