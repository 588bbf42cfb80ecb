"""The executor and its lower bound."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transaction_oracle import ordered_batches, plain_makespan, transaction

from adrs.errors import UserError
from evaluators.systems import transaction_workloads
from evaluators.systems.transaction_workloads import batch, draw, read


def order_of(*transactions):
    return np.array(transactions, dtype=np.int64)


@given(ordered_batches())
@settings(deadline=None)
def test_makespan_agrees_with_plain_python(drawn):
    transactions, order = drawn
    assert transactions.makespan(order_of(*order)) == plain_makespan(transactions, order)


@given(st.lists(transaction, min_size=1, max_size=5).map(batch))
@settings(max_examples=50, deadline=None)
def test_no_order_beats_the_lower_bound(drawn):
    best = min(drawn.makespan(order_of(*order)) for order in permutations(range(len(drawn))))
    assert drawn.lower_bound() <= best


def test_lower_bound_is_reached_where_one_key_rules():
    drawn = batch([[("w", 1), None], [("r", 1), ("w", 1)], [("r", 1)], [None, ("w", 1)]])
    best = min(drawn.makespan(order_of(*order)) for order in permutations(range(4)))
    assert drawn.lower_bound() == best == 4


def test_a_read_after_the_own_write_shares_its_tick():
    drawn = batch([[("w", 1), ("r", 1)], [("r", 1), ("w", 1)]])
    best = min(drawn.makespan(order_of(*order)) for order in permutations(range(2)))
    assert drawn.lower_bound() == best == 3


def test_reads_share_a_tick_and_writes_do_not():
    assert batch([[("r", 1)], [("r", 1)]]).makespan(order_of(0, 1)) == 1
    assert batch([[("w", 1)], [("w", 1)]]).makespan(order_of(0, 1)) == 2
    assert batch([[("w", 1)], [("r", 1)]]).makespan(order_of(1, 0)) == 2


def test_later_accesses_let_a_transaction_start_early():
    drawn = batch([[("w", 1), None, None], [None, None, ("w", 1)]])
    assert drawn.makespan(order_of(0, 1)) == 3
    assert drawn.makespan(order_of(1, 0)) == 6


def test_operations_of_one_transaction_do_not_wait_for_each_other():
    assert batch([[("w", 1), ("r", 1), ("w", 1)]]).makespan(order_of(0)) == 3


def test_trace_names_the_operation_that_was_waited_for():
    drawn = batch([[("w", 1), ("w", 2)], [("r", 2), ("r", 1)]])
    makespan, awaited = drawn.trace(order_of(0, 1))
    assert (makespan, awaited.tolist()) == (4, [-1, 2])


@pytest.mark.parametrize("family", list(transaction_workloads.FAMILIES))
def test_generators_are_deterministic_and_keys_are_numbered_by_first_appearance(family):
    first, again, other = draw(family, 1), draw(family, 1), draw(family, 2)
    assert np.array_equal(first.key, again.key)
    assert np.array_equal(first.is_write, again.is_write)
    assert not (np.array_equal(first.key, other.key) and np.array_equal(first.is_write, other.is_write))
    _, appears = np.unique(first.key, return_index=True)
    assert np.all(np.diff(appears) > 0)
    assert first.keys == first.key.max() + 1


def shapes(family):
    """Length and number of operations of every transaction."""
    drawn = draw(family, 7)
    return list(zip(drawn.length.tolist(), np.diff(drawn.offset).tolist(), strict=True))


def test_families_have_the_declared_shapes():
    assert shapes("wide") == [(16, 16)] * 100
    assert sorted(shapes("two-shapes")) == [(5, 4)] * 50 + [(21, 3)] * 50
    assert shapes("pair") == [(9, 2)] * 100
    assert sorted(shapes("long-batch")) == [(8, 8)] * 300 + [(24, 24)] * 100


def test_wide_is_like_the_first_published_batch():
    drawn = draw("wide", 1000)
    used = np.bincount(drawn.key)
    assert 0.5 < drawn.is_write.mean() < 0.6
    assert used.max() > 80
    hottest = drawn.position[drawn.key == used.argmax()]
    assert hottest.std() < 4


def test_scans_of_the_long_batch_only_read():
    drawn = draw("long-batch", 3)
    writes = np.add.reduceat(drawn.is_write, drawn.offset[:-1])
    assert writes[drawn.length == 24].sum() == 0


def test_what_cannot_be_drawn_is_a_clear_error():
    with pytest.raises(UserError, match='no family "narrow"'):
        draw("narrow", 1)
    with pytest.raises(UserError, match="need seeds"):
        draw("wide", None)


def test_token_format(tmp_path):
    path = tmp_path / "workload.json"
    path.write_text('{"txn0": "r-4 * w-x", "txn1": "w-4"}')
    drawn = read(path)
    assert drawn.keys == 2
    assert drawn.length.tolist() == [3, 1]
    assert drawn.key.tolist() == [0, 1, 0]
    assert drawn.position.tolist() == [1, 3, 1]
    assert drawn.is_write.tolist() == [0, 1, 1]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"a": "q-1"}', '{"a": "r-"}', '{"a": ""}', '{"a": 1}'])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path, text):
    path = tmp_path / "workload.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"workload\.json is not a batch"):
        read(path)
