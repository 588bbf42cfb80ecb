"""The compiled moves that candidates may use agree with the trusted side."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs_helpers import placement as helper
from evaluators.systems.model_placement_cases import MEMORY, draw, gpu_pressures, largest_pressure

helper.warm()
CASES = [*draw("small", 9), *draw("fragmented", 9)]


@st.composite
def states(draw_from):
    """A case, a random placement of it and the sums of the placement."""
    case = draw_from(st.sampled_from(CASES))
    random = np.random.default_rng(draw_from(st.integers(0, 2**32)))
    gpu = random.integers(case.gpus, size=len(case.size))
    used, demand = helper.totals(gpu, case.size, case.load, case.gpus)
    return case, gpu, used, demand


def value_of(case, gpu):
    return helper.kvpr(gpu, case.size, case.load, case.gpus, MEMORY)


@settings(deadline=None)
@given(states())
def test_costs_agree_with_the_trusted_side(state):
    case, gpu, used, demand = state
    trusted, trusted_used = gpu_pressures(case, gpu)
    ours = helper.pressures(used, demand, MEMORY)
    assert used.tolist() == trusted_used.tolist()
    fits = trusted_used <= MEMORY
    assert ours[fits].tolist() == trusted[fits].tolist()
    assert (ours[~fits] > 1e6).all()
    if fits.all():
        assert value_of(case, gpu) == largest_pressure(case, gpu)
    assert helper.worst_gpu(used, demand, MEMORY) == np.argmax(ours)


@settings(deadline=None)
@given(states(), st.data())
def test_values_of_moves_are_what_the_two_gpus_have_afterwards(state, data):
    case, gpu, used, demand = state
    model = data.draw(st.integers(0, len(gpu) - 1))
    target = data.draw(st.integers(0, case.gpus - 1))
    other = data.draw(st.integers(0, len(gpu) - 1))
    for kind, second, new in (("move", target, target), ("swap", other, gpu[other])):
        after, source = gpu.copy(), gpu[model]
        sums = used.copy(), demand.copy()
        value = getattr(helper, f"{kind}_value")(model, second, gpu, case.size, case.load, used, demand, MEMORY)
        getattr(helper, f"apply_{kind}")(model, second, after, case.size, case.load, *sums)
        fresh = helper.totals(after, case.size, case.load, case.gpus)
        changed = helper.pressures(*fresh, MEMORY)[[source, new]]
        assert after[model] == new
        np.testing.assert_allclose(sums, fresh, rtol=0, atol=1e-9)
        assert value == pytest.approx(changed.max(), rel=1e-9)


@settings(deadline=None)
@given(states())
def test_best_moves_are_the_best_of_all(state):
    case, gpu, used, demand = state
    arguments = (gpu, case.size, case.load, used, demand, MEMORY)
    source = helper.worst_gpu(used, demand, MEMORY)
    here = np.flatnonzero(gpu == source)
    moves = [helper.move_value(model, target, *arguments) for model in here
             for target in range(case.gpus) if target != source]  # fmt: skip
    swaps = [helper.swap_value(model, other, *arguments) for model in here for other in np.flatnonzero(gpu != source)]
    model, target, value = helper.best_move(source, *arguments)
    assert value == min(moves) == helper.move_value(model, target, *arguments)
    first, second, value = helper.best_swap(source, *arguments)
    assert value == min(swaps, default=np.inf)
    if swaps:
        assert value == helper.swap_value(first, second, *arguments)


@settings(deadline=None)
@given(st.sampled_from(CASES), st.floats(0.02, 2.0), st.sampled_from([0, 1, 2]))
def test_a_packing_is_a_placement_below_the_threshold(case, threshold, rule):
    weight = case.load + threshold * case.size
    packed, gpu = helper.pack(weight, np.argsort(-weight), threshold * MEMORY, case.gpus, rule)
    if packed:
        assert largest_pressure(case, gpu) <= threshold * (1 + 1e-9)
    else:
        assert (gpu == -1).any()


def test_packing_rules_choose_their_bins():
    weight, order = np.array([6.0, 5.0, 3.0, 2.0]), np.arange(4)
    assert helper.pack(weight, order, 10.0, 3, helper.BEST_FIT)[1].tolist() == [0, 1, 0, 1]
    assert helper.pack(weight, order, 10.0, 3, helper.FIRST_FIT)[1].tolist() == [0, 1, 0, 1]
    assert helper.pack(weight, order, 10.0, 3, helper.WORST_FIT)[1].tolist() == [0, 1, 2, 2]
    assert helper.pack(weight, order[::-1], 10.0, 3, helper.FIRST_FIT)[1].tolist() == [1, 0, 0, 0]
    assert helper.pack(weight, order, 6.0, 2, helper.BEST_FIT)[0] is False


def test_an_empty_gpu_has_no_moves():
    case = CASES[0]
    gpu = np.ones(len(case.size), dtype=np.int64)
    used, demand = helper.totals(gpu, case.size, case.load, case.gpus)
    arguments = (gpu, case.size, case.load, used, demand, MEMORY)
    assert helper.best_move(0, *arguments) == (-1, -1, np.inf)
    assert helper.best_swap(0, *arguments) == (-1, -1, np.inf)


def test_other_types_are_refused_instead_of_compiled():
    case = CASES[0]
    with pytest.raises(TypeError, match="No matching definition"):
        helper.kvpr(np.zeros(len(case.size), dtype=np.int32), case.size, case.load, case.gpus, MEMORY)
    case.size.setflags(write=False)
    assert helper.kvpr(np.arange(len(case.size)) % case.gpus, case.size, case.load, case.gpus, 80) > 0
