"""Areas under curves of quality over cost, and outcomes between budgets."""

import numpy as np
import pytest

from adrs.evaluation import WorkloadSpec
from evaluators.routing import budget_task, budgeted_routing, cost_curves
from evaluators.routing.budget_task import LAMBDAS, UNLIMITED, Task
from evaluators.routing.budget_world import BUDGETS, CELLS, Answers
from evaluators.routing.cost_curves import Anchors
from evaluators.routing.records import Model
from evaluators.routing.sizes import Sizes

COST, QUALITY = np.array([1.0, 2.0, 4.0]), np.array([0.5, 0.7, 0.8])


def test_official_area_and_crossing():
    assert cost_curves.official_area(COST, QUALITY) == pytest.approx(0.7, abs=1e-12)
    assert cost_curves.first_reaching(COST, QUALITY, 0.7) == pytest.approx(1 / 3, abs=1e-12)
    assert cost_curves.first_reaching(COST, QUALITY, 0.9) == 1.0
    assert cost_curves.first_reaching(COST, QUALITY) == pytest.approx(1 / 3 * 1.0 if QUALITY[1] >= 0.72 else 1.0)


def test_a_constant_policy_has_no_official_area():
    assert cost_curves.official_area(np.ones(3), np.full(3, 0.9)) == 0.0


def test_extended_areas():
    assert cost_curves.extended_area(COST, QUALITY, Anchors(1.0, 5.0)) == pytest.approx(0.58, abs=1e-12)
    found = cost_curves.extended_log_area(COST, QUALITY, Anchors(1.0, 5.0))
    assert found == pytest.approx(0.6923308604816517, abs=1e-12)


def test_a_segment_across_the_end_is_cut_there():
    found = cost_curves.extended_area(np.array([1.0, 3.0]), np.array([0.4, 0.8]), Anchors(1.0, 2.0))
    assert found == pytest.approx(0.5 * (0.4 + 0.6) / 2, abs=1e-12)
    assert cost_curves.extended_area(np.array([3.0]), np.array([0.8]), Anchors(1.0, 2.0)) == 0.0


def test_worse_and_dearer_points_change_nothing_of_the_extended_area():
    anchors = Anchors(1.0, 5.0)
    more = cost_curves.extended_area(np.append(COST, 4.5), np.append(QUALITY, 0.1), anchors)
    assert more == pytest.approx(cost_curves.extended_area(COST, QUALITY, anchors), abs=1e-12)


def test_one_dear_point_makes_an_official_area_and_hardly_any_of_ours():
    """A constant policy that asks the dearest model once stretches the range that the official area is taken over."""
    cheap, good = np.full(24, 1.0), np.full(24, 0.7)
    cost, quality = np.append(cheap, 50.0), np.append(good, 0.71)
    anchors = Anchors(1.0, 5.0)
    assert cost_curves.official_area(cheap, good) == 0.0
    assert cost_curves.official_area(cost, quality) > 0.7
    ours = [cost_curves.extended_log_area(*points, anchors) for points in ((cheap, good), (cost, quality))]
    assert ours[1] - ours[0] < 0.01


@pytest.fixture
def tiny():
    """One query, two models: scores rise with the budget, answers are as long as their budget."""
    score = np.zeros((1, 2, CELLS))
    score[0, 0] = np.linspace(0, 1, CELLS)
    tokens = np.tile([*BUDGETS, 4000], (1, 2, 1))
    answers = Answers(["q"], np.zeros((1, 2)), np.array([100]), score, tokens, np.zeros(1, dtype=np.int64))
    return Task([Model("a", 1.0, 2.0), Model("b", 10.0, 20.0)], answers, answers)


def look_up(task, model, budget):
    found = budget_task.outcomes(task, np.array([model]), np.array([budget]), np.array([0]))
    return found.score[0], found.cost[0], found.over[0]


def test_between_budgets_score_and_length_are_interpolated(tiny):
    assert look_up(tiny, 0, 10) == pytest.approx((0.0, (100 + 20) / 1e6, 0))
    assert look_up(tiny, 0, 15) == pytest.approx((0.5 / 15, (100 + 30) / 1e6, 0), abs=1e-12)
    assert look_up(tiny, 0, 4000) == pytest.approx((14 / 15, (100 + 8000) / 1e6, 0), abs=1e-12)
    assert look_up(tiny, 0, UNLIMITED) == pytest.approx((1.0, (100 + 8000) / 1e6, 0))


def test_a_failed_decision_costs_the_dearest_cell(tiny):
    assert look_up(tiny, -1, 0) == pytest.approx((0.0, (1000 + 80000) / 1e6, 0))


def test_the_prices_of_money_have_both_ends():
    assert len(LAMBDAS) == 25
    assert (LAMBDAS[0], LAMBDAS[-1]) == (0.0, 1.0)
    assert [LAMBDAS[place] for place in budgeted_routing.UTILITIES.values()] == pytest.approx(
        [weight / (1 + weight) for weight in budgeted_routing.UTILITIES]
    )


def test_no_oracle_beats_the_bound_and_the_oracle_beats_fixed_cells():
    task = budgeted_routing.draw("same", 7, Sizes(30, 60))
    weights = [0.0, *(w / (1 - w) for w in LAMBDAS[1:-1]), np.inf]
    cost, quality = np.array([task.oracle_point(weight) for weight in weights]).T
    area = cost_curves.extended_log_area(cost, quality, task.anchors)
    spec = WorkloadSpec("budgeted-routing", "same-7", "same", "train", 7)
    native = budgeted_routing.BudgetedRouting().reference("oracle", task, spec)
    assert native["audc_extended_log"] == pytest.approx(area)
    assert area <= task.bounds["audc_extended_log"] + 1e-12
    fixed_cost, fixed = task.cost.mean(axis=0).ravel(), task.asked.score.mean(axis=0).ravel()
    assert area > cost_curves.extended_log_area(fixed_cost, fixed, task.anchors)


def test_the_same_seed_gives_the_same_bytes_and_another_pool_has_other_names():
    first, second = (budgeted_routing.draw("other-pool", 5, Sizes(20, 20)) for _ in range(2))
    assert first.asked.score.tobytes() == second.asked.score.tobytes()
    assert first.asked.tokens.tobytes() == second.asked.tokens.tobytes()
    assert not {"Qwen3-235B", "Llama-3.1-70B"} & {model.name for model in first.models}
