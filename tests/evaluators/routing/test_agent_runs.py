"""Simulated runs of agents."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.routing import agent_live, agent_runs, tiers
from evaluators.routing.agent_runs import MOST_DOLLARS, MOST_STEPS


@pytest.fixture(scope="module")
def runs():
    return agent_runs.draw(np.random.default_rng(5), 600, agent_runs.SAME)


def constant(tier):
    return lambda simulator: np.full(len(simulator.active), tier)


@pytest.mark.parametrize(
    ("tier", "resolved", "cost", "steps"),
    [(0, 0.18, 0.59, 185), (1, 0.36, 0.44, 107), (2, 0.52, 0.115, 53), (3, 0.75, 0.53, 27.8)],
)
def test_constant_tiers_land_in_their_bands(runs, tier, resolved, cost, steps):
    end = agent_runs.play(runs, constant(tier))
    assert end.resolved.mean() == pytest.approx(resolved, abs=0.03)
    assert end.spent.mean() == pytest.approx(cost, rel=0.08)
    assert end.steps.mean() == pytest.approx(steps, rel=0.08)


def test_the_required_tier_is_better_than_always_high_and_nothing_beats_the_bound(runs):
    oracle = agent_runs.play(runs, lambda simulator: simulator.required)
    high = agent_runs.play(runs, constant(tiers.HIGH))
    least = agent_runs.least_bill(runs, 2.0)
    bills = [agent_live.bills(end, 2.0) for end in (oracle, high)]
    assert bills[0].mean() < bills[1].mean()
    assert (least <= bills[0] + 1e-12).all()
    assert (least <= bills[1] + 1e-12).all()


def test_luck_does_not_depend_on_the_policy_and_runs_end_at_their_limits(runs):
    again = agent_runs.draw(np.random.default_rng(5), 600, agent_runs.SAME)
    assert again.success.tobytes() == runs.success.tobytes()
    end = agent_runs.play(runs, constant(0))
    assert end.steps.max() <= MOST_STEPS
    stopped = ~end.submitted & (end.steps < MOST_STEPS)
    assert (end.spent[stopped] >= MOST_DOLLARS).all()


def test_a_failed_decision_is_paid_at_high_and_gains_nothing(runs):
    first, second = (agent_runs.Simulator(runs) for _ in range(2))
    told = first.step(np.full(600, -1))
    paid = second.step(np.full(600, tiers.HIGH))
    assert told["cost_usd"].tolist() == paid["cost_usd"].tolist()
    assert not first.submitted.any()
    assert (first._done == 0).all()


def test_a_cache_lives_three_hundred_seconds(runs):
    simulator = agent_runs.Simulator(runs)
    assert (simulator.cache_age == -1).all()
    simulator.step(np.full(600, 2))
    gap = runs.gap[simulator.active, 0]
    cached = simulator.cached_tokens
    assert ((cached[:, 2] > 0) == (gap <= 300)).all()
    assert (cached[:, [0, 1, 3]] == 0).all()
    assert simulator.cache_age[:, 2] == pytest.approx(gap)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_any_policy_keeps_the_books(seed, choices):
    runs = agent_runs.draw(np.random.default_rng(seed), 3, agent_runs.FORGIVING)
    rng = np.random.default_rng(choices)
    end = agent_runs.play(runs, lambda simulator: rng.integers(-1, 4, size=len(simulator.active)))
    assert (end.calls.sum(axis=1) == end.steps).all()
    assert not (end.resolved & ~end.submitted).any()
    assert (end.spent > 0).all()
    assert (end.steps >= np.where(end.submitted, runs.milestones, 0)).all()


def test_records_hold_both_halves_in_order(runs):
    few = agent_runs.draw(np.random.default_rng(6), 12, agent_runs.SAME)
    train = agent_live.record(few, 6)
    assert len({len(value) for name, value in train.items() if name != "prices"}) == 1
    assert sorted(set(train["run"].tolist())) == list(range(12))
    assert (np.diff(train["run"]) >= 0).all()
