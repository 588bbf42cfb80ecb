"""Instances of model placement: what is drawn, and what a placement is worth."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adrs import resources
from adrs.errors import UserError
from evaluators.systems.model_placement_cases import (
    MEMORY,
    NO_ROOM,
    PRISM_WEIGHTS,
    Case,
    draw,
    gpu_pressures,
    largest_pressure,
    prism_greedy,
    round_robin,
)


@st.composite
def placed_cases(draw_from):
    """An instance and any placement of it, full and overfull GPUs included."""
    gpus, models = draw_from(st.integers(1, 6)), draw_from(st.integers(1, 14))

    def column(low, high):
        return np.array(draw_from(st.lists(st.integers(low, high), min_size=models, max_size=models)), dtype=np.float64)

    case = Case(gpus, column(1, 40), column(1, 9), column(1, 9))
    placement = draw_from(st.lists(st.integers(0, gpus - 1), min_size=models, max_size=models))
    return case, np.array(placement, dtype=np.int64)


@given(placed_cases())
def test_pressure_is_load_over_free_memory(placed):
    case, placement = placed
    expected = []
    for gpu in range(case.gpus):
        members = [model for model in range(len(placement)) if placement[model] == gpu]
        free = MEMORY - sum(case.size[model] for model in members)
        load = sum(case.request_rate[model] / case.slo[model] for model in members)
        expected.append(load / free if free > 0 else NO_ROOM)
    assert gpu_pressures(case, placement)[0].tolist() == expected
    assert largest_pressure(case, placement) == max(expected)


@given(placed_cases(), st.randoms())
def test_pressure_does_not_depend_on_the_numbering_of_gpus(placed, random):
    case, placement = placed
    order = list(range(case.gpus))
    random.shuffle(order)
    assert largest_pressure(case, np.array(order)[placement]) == largest_pressure(case, placement)


@given(placed_cases())
def test_no_placement_that_fits_beats_the_lower_bound(placed):
    case, placement = placed
    value = largest_pressure(case, placement)
    if value < NO_ROOM:
        assert value >= case.lower_bound * (1 - 1e-12)
        assert case.lower_bound >= case.relaxed_bound


def test_an_empty_gpu_has_no_pressure_and_a_full_one_a_million():
    case = Case(3, np.array([50.0, 30.0, 20.0]), np.ones(3), np.ones(3))
    assert gpu_pressures(case, np.array([0, 0, 1]))[0].tolist() == [NO_ROOM, 1 / 60, 0.0]


def test_published_instances_are_those_of_the_public_evaluators():
    cases = draw("published", None)
    first = cases[0]
    assert len(cases) == 50
    assert (first.gpus, len(first.size)) == (8, 16)
    rows = np.stack([first.size, first.request_rate, first.slo], axis=1)
    assert rows[[0, 1, -1]].tolist() == [[24, 8, 9], [16, 3, 7], [29, 7, 8]]


@pytest.mark.parametrize(
    ("family", "seed", "value"),
    [
        ("small", 1000, 0.07138405251827754),
        ("fragmented", 1004, 1.2255723006870627),
        ("large", 3004, 2.8936173687507813),
    ],
)
def test_draws_stay_what_they_are(family, seed, value):
    """Mean KVPR of round robin: recorded runs are comparable only as long as it does not change."""
    assert np.mean([case.round_robin_value for case in draw(family, seed)]) == pytest.approx(value, rel=1e-12)


def test_small_has_the_published_distribution():
    cases = [case for seed in range(30) for case in draw("small", seed)]
    assert {case.gpus for case in cases} == set(range(5, 10))
    assert all(len(case.size) == 2 * case.gpus for case in cases)
    for name, low, high in (("size", 10, 29), ("request_rate", 1, 9), ("slo", 5, 9)):
        values = np.concatenate([getattr(case, name) for case in cases])
        assert set(values) == set(range(low, high + 1))


def test_fragmented_instances_are_tight_and_cut_into_whole_gigabytes():
    for case in draw("fragmented", 7):
        assert 6 <= case.gpus <= 16
        assert 3 * case.gpus <= len(case.size) <= 6 * case.gpus
        assert 36 * case.gpus <= case.size.sum() <= 56 * case.gpus
        assert (case.size == case.size.round()).all()
        assert case.size.min() >= 1
        assert (case.request_rate.min(), case.slo.min()) > (0, 0)


def test_large_instances_hold_real_models_up_to_three_fifths_of_the_memory():
    for case in draw("large", 7):
        assert 16 <= case.gpus <= 64
        total = 0.6 * case.gpus * MEMORY
        assert total <= case.size.sum() < total + max(PRISM_WEIGHTS)
        assert set(case.size) <= set(PRISM_WEIGHTS)
        assert set(case.slo) <= {1, 2, 5, 10, 20}
        assert case.request_rate.min() >= 0.1


def test_sizes_of_large_are_those_that_prism_was_measured_with():
    try:
        path = resources.data_file("llm_traces/prism_models.json")
    except UserError as missing:
        pytest.skip(str(missing))
    models = json.loads(path.read_text())["model_memory"].values()
    assert sorted({float(model["weights_gib"]) for model in models}) == sorted(PRISM_WEIGHTS)


@pytest.mark.parametrize("family", ["small", "fragmented", "large"])
def test_both_anchors_find_a_placement_with_room_on_every_gpu(family):
    for case, rule in itertools.product(draw(family, 1), (round_robin, prism_greedy)):
        placement = rule(case)
        assert placement is not None
        assert largest_pressure(case, placement) < NO_ROOM


def test_round_robin_falls_back_when_a_gpu_overflows():
    case = Case(2, np.array([50.0, 10.0, 40.0, 10.0]), np.ones(4), np.ones(4))
    assert round_robin(case).tolist() == [0, 1, 1, 0]


def test_prism_greedy_falls_back_to_descending_size():
    """By load, the two small models part and leave no room for the largest."""
    case = Case(2, np.array([11.0, 11.0, 70.0, 55.0]), np.array([9.0, 9.0, 1.0, 1.0]), np.ones(4))
    assert prism_greedy(case).tolist() == [1, 1, 0, 1]


def test_rules_say_so_when_nothing_fits():
    case = Case(2, np.full(3, 60.0), np.ones(3), np.ones(3))
    assert round_robin(case) is None
    assert prism_greedy(case) is None


@pytest.mark.parametrize(("family", "seed"), [("published", 3), ("small", None), ("tiny", 1)])
def test_draw_refuses_what_does_not_exist(family, seed):
    with pytest.raises(ValueError, match="famil"):
        draw(family, seed)
