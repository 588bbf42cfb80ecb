"""The helper that candidates may import agrees with the trusted executor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transaction_oracle import batches, ordered_batches, plain_makespan

from adrs_helpers import transaction_clock as clock
from evaluators.systems.transaction_workloads import batch, draw


def trusted(drawn, order):
    return drawn.makespan(np.array(order, dtype=np.int64))


@given(ordered_batches())
@settings(deadline=None)
def test_cost_is_the_makespan_of_the_whole_prefix(drawn):
    transactions, order = drawn
    instance = transactions.instance(0)
    state = clock.new_state(instance)
    for place, transaction in enumerate(order):
        expected = trusted(transactions, order[: place + 1])
        assert clock.cost(state, transaction) == expected
        assert clock.costs(state, [transaction, transaction]).tolist() == [expected, expected]
        branch = clock.copy(state)
        assert clock.append(branch, transaction) == expected
        assert clock.makespan_so_far(state) == trusted(transactions, order[:place])
        state = branch
    assert clock.extend(clock.new_state(instance), order) == trusted(transactions, order)
    assert clock.makespan(instance, order) == trusted(transactions, order) == plain_makespan(transactions, order)


@given(ordered_batches())
@settings(deadline=None)
def test_places_are_the_makespans_of_all_insertions(drawn):
    transactions, order = drawn
    if not order:
        return
    *rest, transaction = order
    plan = clock.begin(transactions.instance(0), rest)
    expected = [trusted(transactions, [*rest[:place], transaction, *rest[place:]]) for place in range(len(order))]
    assert clock.places(plan, transaction).tolist() == expected
    assert clock.order_of(plan).tolist() == rest


@st.composite
def changes(draw):
    """A batch, a partial order of it and changes of that order."""
    transactions, order = draw(ordered_batches())
    kinds = st.sampled_from(["move", "swap", "remove", "add", "rearrange"])
    return transactions, order, draw(st.lists(st.tuples(kinds, *[st.integers(0, 10**6)] * 2), max_size=20))


@given(changes())
@settings(deadline=None)
def test_a_plan_follows_any_changes(drawn):
    transactions, order, steps = drawn
    plan = clock.begin(transactions.instance(0), order)
    order = list(order)
    for kind, first, second in steps:
        if kind in ("move", "swap") and order:
            a, b = first % len(order), second % len(order)
            changed = list(order)
            if kind == "move":
                changed.insert(b, changed.pop(a))
                answer = clock.try_move(plan, a, b, clock.NO_LIMIT)
            else:
                changed[a], changed[b] = changed[b], changed[a]
                answer = clock.try_swap(plan, a, b, clock.NO_LIMIT)
            assert answer == trusted(transactions, changed)
            assert clock.makespan_of(plan) == trusted(transactions, order)
            if second % 2:
                assert clock.keep(plan) == answer
                order = changed
        elif kind == "remove" and order:
            assert clock.remove(plan, first % len(order)) == order.pop(first % len(order))
        elif kind == "add" and len(order) < len(transactions):
            missing = sorted(set(range(len(transactions))) - set(order))
            clock.add(plan, second % (len(order) + 1), missing[first % len(missing)])
            order.insert(second % (len(order) + 1), missing[first % len(missing)])
        elif kind == "rearrange":
            order = order[::-1]
            clock.rearrange(plan, order)
        if first % 3:
            assert clock.makespan_of(plan) == trusted(transactions, order)
        assert clock.order_of(plan).tolist() == order
    assert clock.makespan_of(plan) == trusted(transactions, order)


@given(batches, st.data())
@settings(deadline=None)
def test_above_the_limit_the_answer_is_above_the_limit(drawn, data):
    number = len(drawn)
    a, b = (data.draw(st.integers(0, number - 1)) for _ in range(2))
    plan = clock.begin(drawn.instance(0), range(number))
    exact = clock.try_move(plan, a, b, clock.NO_LIMIT)
    limit = data.draw(st.integers(0, exact + 2))
    answer = clock.try_move(plan, a, b, limit)
    assert answer == exact if exact <= limit else limit < answer <= exact
    assert clock.keep(plan) == exact


@given(batches)
@settings(deadline=None)
def test_conflicts_are_common_keys_that_one_side_writes(drawn):
    matrix = clock.conflicts(drawn.instance(0))
    uses = [
        (set(drawn.key[first:last].tolist()), set(drawn.key[first:last][drawn.is_write[first:last] == 1].tolist()))
        for first, last in zip(drawn.offset[:-1], drawn.offset[1:], strict=True)
    ]
    for a, (touched, written) in enumerate(uses):
        for b, (other_touched, other_written) in enumerate(uses):
            assert matrix[a, b] == (a != b and bool(written & other_touched or other_written & touched))


def test_numbers_out_of_range_are_errors_and_not_memory():
    instance = draw("pair", 1).instance(0)
    state, plan = clock.new_state(instance), clock.begin(instance, range(99))
    for wrong in (-1, 100):
        with pytest.raises(IndexError):
            clock.cost(state, wrong)
        with pytest.raises(IndexError):
            clock.append(state, wrong)
        with pytest.raises(IndexError):
            clock.costs(state, [0, wrong])
        with pytest.raises(IndexError):
            clock.makespan(instance, [wrong])
        with pytest.raises(IndexError):
            clock.begin(instance, [wrong])
        with pytest.raises(IndexError):
            clock.places(plan, wrong)
        with pytest.raises(IndexError):
            clock.add(plan, wrong, 99)
        with pytest.raises(IndexError):
            clock.remove(plan, wrong)
        with pytest.raises(IndexError):
            clock.try_move(plan, 0, wrong, clock.NO_LIMIT)
        with pytest.raises(IndexError):
            clock.try_swap(plan, wrong, 0, clock.NO_LIMIT)
    with pytest.raises(IndexError, match="key"):
        clock.new_state({**instance, "num_keys": 2})


def test_a_plan_that_changed_has_nothing_to_keep_and_a_full_one_takes_no_more():
    plan = clock.begin(draw("pair", 1).instance(0), range(100))
    with pytest.raises(ValueError, match="nothing was tried"):
        clock.keep(plan)
    clock.try_swap(plan, 0, 1, clock.NO_LIMIT)
    with pytest.raises(ValueError, match="full"):
        clock.add(plan, 0, 5)
    clock.remove(plan, 0)
    with pytest.raises(ValueError, match="nothing was tried"):
        clock.keep(plan)


def test_read_only_arrays_will_do():
    """Arrays that came over a socket cannot be written to."""
    instance = batch([[("w", 0)], [("r", 0)]]).instance(0)
    for value in instance.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    assert clock.makespan(instance, [0, 1]) == 2
    assert clock.makespan_of(clock.begin(instance, [0, 1])) == 2


def test_warm():
    clock.warm()
