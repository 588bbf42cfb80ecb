"""RouterArena's formulas, on worked cases and on published results where those are there."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from adrs import resources
from evaluators.routing import arena, query_routing, query_tables
from evaluators.routing.arena import Candidates


@pytest.mark.parametrize(
    ("accuracy", "cost", "expected"),
    [
        (0.7, 0.06, 0.7047754370854686),
        (0.7, 0.0001, 0.719626168224299),
        (0.5, 199, 0.005093708239366075),
        (1, 1, 0.9148273176137914),
        (0.5, 200, 0.0),
        (0, 300, 0.0),
        (0, 1, 0.0),
        (0.5, 0, None),
        (0.5, -1, None),
        (1.5, 1, None),
    ],
)
def test_the_arena_score(accuracy, cost, expected):
    found = arena.arena_score(accuracy, cost)
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_without_clamps_the_score_leaves_its_range():
    assert arena.arena_score(1.0, 0.0001, clamped=False) > 1
    assert arena.arena_score(0.9, 400, clamped=False) < 0


def test_many_scores_at_once_are_the_single_ones():
    accuracy, cost = np.array([0.7, 0.5, 0.0, 1.0]), np.array([0.06, 199, 250, 1])
    singles = [arena.arena_score(a, c) for a, c in zip(accuracy.tolist(), cost.tolist(), strict=True)]
    assert arena.arena_scores(accuracy, cost) == pytest.approx(singles, abs=1e-12)


def test_zero_and_missing_costs_leave_the_sum_but_not_the_rows():
    assert arena.cost_per_thousand([0.002, 0.0, None, -1.0], 4) == 0.5
    assert arena.cost_per_thousand([], 0) == 0.0


ARENA = "routerarena_cached_results.csv.gz"
QUERIES = [
    Candidates("a", 1.0, 2.0, [("b", 1.0, 1.0), ("c", 0.0, 0.5)]),  # right, but dearer than b
    Candidates("a", 1.0, 1.0, [("b", 1.0, 1.0)]),  # a tie: the pick is the optimum
    Candidates("a", 0.5, 3.0, [("b", 1.0, 4.0)]),  # wrong
    Candidates("a", 0.0, 0.0, [("b", 1.0, 1.0)]),  # both zero: skipped
    Candidates("a", 0.5, 1.0, [("b", 0.5, 1.0)]),  # no optimum: skipped
    Candidates("a", None, 1.0, [("b", 1.0, 1.0)]),  # no accuracy: skipped
]


def test_optimality_v2():
    found = arena.optimality(QUERIES)
    assert found == arena.Optimality(1 / 3, pytest.approx(2 / 3), pytest.approx(2.5 / 3), 3)


def test_optimality_v1_leaves_out_wrong_answers_and_free_ones():
    found = arena.optimality([*QUERIES, Candidates("a", 1.0, 0.0, [("b", 1.0, 1.0)])], "v1")
    assert found == arena.Optimality(pytest.approx(2 / 3), pytest.approx(2 / 3), 1.0, 3)


def test_optimality_of_nothing_is_zero():
    assert arena.optimality([]) == arena.Optimality(0.0, 0.0, 0.0, 0)
    assert arena.optimality([Candidates("a", 0.2, 1.0, [("b", 0.1, 1.0)])]).queries == 0


def test_a_later_duplicate_overwrites_and_aliases_are_one_model():
    query = Candidates("openai/gpt-4o-mini", 1.0, 2.0, [("b", 1.0, 1.0), ("b", 0.0, 1.0), ("gpt-4o-mini", 1.0, 2.0)])
    assert arena.optimality([query]).selection == 1.0


def test_robustness_counts_matches_with_both_names():
    regular = {"1": "a", "2": "openai/gpt-5-mini", "3": ""}
    assert arena.robustness(regular, [("1", "b"), ("2", "gpt-5-mini"), ("3", "a"), ("4", "a"), ("1", "")]) == 0.5
    assert arena.robustness(regular, [("9", "a")]) is None


@given(
    arrays.arrays(float, (4, 3), elements=st.sampled_from([0.0, 0.4, 1.0])),
    arrays.arrays(float, (4, 3), elements=st.floats(1e-6, 0.2)),
)
def test_no_choice_beats_the_bound(accuracy, cost):
    bound = arena.upper_bound(accuracy, cost)
    for choice in itertools.product(range(3), repeat=4):
        mean, dollars = arena.choice_point(accuracy, cost, np.array(choice))
        assert arena.arena_score(mean, dollars) <= bound + 1e-9


@given(
    arrays.arrays(float, (6, 3), elements=st.sampled_from([0.0, 0.5, 1.0])),
    arrays.arrays(float, (6, 3), elements=st.sampled_from([0.1, 0.2, 0.3])),
    arrays.arrays(np.int64, 6, elements=st.integers(0, 2)),
)
def test_optimality_over_arrays_is_the_one_over_rows(accuracy, cost, picks):
    names = "abc"
    rows = [
        Candidates(names[pick], accuracy[i, pick], cost[i, pick],
                   [(names[m], accuracy[i, m], cost[i, m]) for m in range(3)])
        for i, pick in enumerate(picks.tolist())
    ]  # fmt: skip
    expected = arena.optimality(rows)
    empty = np.zeros((6, 0))
    asked = query_routing.Queries([], empty, empty, empty, accuracy, cost, picks, np.arange(6))
    found = query_routing.optimality(asked, picks, *query_routing.outcomes(asked, picks))
    assert list(found.values()) == pytest.approx([expected.selection, expected.cost_ratio, expected.accuracy_ratio])


def published(name):
    path = resources.data_folder() / "routing" / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return query_tables.read(path)


def test_average_improvement_of_published_single_models():
    table = published("routerbench_1pct.csv.gz")
    found = arena.average_improvement(table.cost.mean(axis=0), table.accuracy.mean(axis=0))
    assert found == pytest.approx(0.715305, abs=1e-6)


@pytest.mark.parametrize(
    ("file", "policy", "expected"),
    [
        (ARENA, "gemini-2.0-flash-001", (0.690119, 0.047491, 0.697293, 0.9290, 1.0)),
        (
            "routerarena_cached_results.csv.gz",
            "claude-3-haiku-20240307",
            (0.523356, 0.175992, 0.533159, 0.0710, 0.3709),
        ),
        (ARENA, "oracle", (0.739563, 0.053573, 0.741971, 1.0, 1.0)),
        ("routerbench_1pct.csv.gz", "mistralai/mistral-7b-chat", (0.304110, 0.046473, 0.321971, 0.2768, 1.0)),
        ("routerbench_1pct.csv.gz", "gpt-4-1106-preview", (0.781507, 3.590740, 0.711348, 0.0185, 0.0715)),
        ("routerbench_1pct.csv.gz", "oracle", (0.836301, 0.118117, 0.820898, 1.0, 1.0)),
        ("routerbench_1pct.csv.gz", "oracle_by_accuracy", (0.899315, 0.200295, 0.868026, 1.0, 1.0)),
    ],
)
def test_published_results_score_as_the_official_scorer_has_them(file, policy, expected):
    table = published(file)
    none = np.zeros((len(table.keys), 0))
    asked = query_routing.Queries(
        table.texts, none, none, none, table.accuracy, table.cost, np.zeros(0), np.arange(len(table.keys))
    )
    if policy in table.names:
        picks = np.full(len(asked), table.names.index(policy))
    else:
        picks = getattr(arena, policy)(table.accuracy, table.cost)
    accuracy, cost = query_routing.outcomes(asked, picks)
    dollars = arena.cost_per_thousand(cost, len(cost))
    optimal = query_routing.optimality(asked, picks, accuracy, cost)
    found = (accuracy.mean(), dollars, arena.arena_score(accuracy.mean(), dollars),
             optimal["optimal_selection"], optimal["optimal_cost"])  # fmt: skip
    assert found == pytest.approx(expected, abs=6e-5)
    assert found[:3] == pytest.approx(expected[:3], abs=6e-7)


def test_the_hull_is_concave_and_non_decreasing():
    cost, quality = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.2, 0.1, 0.9, 0.95])
    assert arena.concave_hull(cost, quality) == [0, 2, 3]
    assert math.isclose(arena.average_improvement(cost, quality), (0.55 * 2 + 0.925) / 4)
