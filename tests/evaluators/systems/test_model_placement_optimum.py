"""The exact solver of model placement."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluators.systems.model_placement_cases import NO_ROOM, Case, draw, largest_pressure, round_robin
from evaluators.systems.model_placement_optimum import find_optimum

_sizes = st.lists(st.integers(5, 45), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3), _sizes, st.data())
def test_no_placement_is_better(gpus, sizes, data):
    def column():
        return np.array(data.draw(st.lists(st.integers(1, 9), min_size=len(sizes), max_size=len(sizes))), dtype=float)

    case = Case(gpus, np.array(sizes, dtype=float), column(), column())
    assume(round_robin(case) is not None)
    placements = (np.array(bins) for bins in itertools.product(range(gpus), repeat=len(sizes)))
    best = min(largest_pressure(case, placement) for placement in placements)
    found = find_optimum(case)
    assert found.proven
    assert found.bound == pytest.approx(best, rel=1e-10)


def test_published_instances_are_proven():
    cases = draw("published", None)
    found = [find_optimum(case) for case in cases]
    assert sum(optimum.proven for optimum in found) == 50
    for case, optimum in zip(cases, found, strict=True):
        assert largest_pressure(case, optimum.placement) == optimum.bound
        assert optimum.bound >= case.lower_bound
    assert np.mean([optimum.bound for optimum in found]) == pytest.approx(0.0395945960788, abs=5e-14)


def test_a_search_that_ends_early_gives_a_bound_and_says_that_it_is_not_proven():
    case = max(draw("published", None), key=lambda case: len(case.size))
    short, full = find_optimum(case, nodes=40), find_optimum(case)
    assert full.proven
    assert not short.proven
    assert short.bound <= full.bound
    assert largest_pressure(case, short.placement) >= full.bound


def test_an_instance_that_only_fits_with_a_full_gpu_is_solved():
    case = Case(2, np.array([40.0, 40.0, 40.0, 30.0]), np.ones(4), np.ones(4))
    assert find_optimum(case).bound == NO_ROOM


def test_nothing_fits():
    with pytest.raises(ValueError, match="no fit"):
        find_optimum(Case(1, np.array([50.0, 50.0]), np.ones(2), np.ones(2)))
