"""How sure a number is: resampled clusters, the same for every program, and an interval beside every test metric."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from adrs.evaluation import Metrics
from evaluators.routing import (
    agent_bank,
    agent_live,
    agent_prefixes,
    agent_runs,
    budget_task,
    budgeted_routing,
    intervals,
    query_routing,
    text_features,
    tiers,
)
from evaluators.routing.budget_world import BUDGETS, Answers
from evaluators.routing.sizes import Sizes


def test_an_interval_holds_the_mean_and_is_the_same_each_time() -> None:
    values = np.random.default_rng(1).normal(size=60)
    sums = intervals.cluster_sums(np.arange(60) // 2, np.ones(60), values)
    assert sums.shape == (30, 2)
    found = []
    for _ in range(2):
        drawn = intervals.draws(30) @ sums
        metrics = Metrics(mean=values.mean())
        intervals.add(metrics, {"mean": drawn[:, 1] / drawn[:, 0]})
        found.append(metrics)
        intervals.draws.cache_clear()
    assert found[0] == found[1]
    assert found[0]["mean_low"] < values.mean() < found[0]["mean_high"]


def test_rows_of_a_cluster_stay_together() -> None:
    """Copies of a row make nobody surer."""
    values = np.random.default_rng(2).normal(size=20)

    def width(copies: int) -> float:
        clusters = np.repeat(np.arange(20), copies)
        drawn = intervals.draws(20) @ intervals.cluster_sums(
            clusters, np.ones(len(clusters)), np.repeat(values, copies)
        )
        low, high = np.percentile(drawn[:, 1] / drawn[:, 0], intervals.PERCENTILES)
        return float(high - low)

    assert width(1) == pytest.approx(width(7))


def test_near_duplicates_among_budgeted_queries_make_nobody_surer() -> None:
    task = budgeted_routing.draw("same", 1, Sizes(20, 20))
    asked = task.asked
    rows = np.arange(20).repeat(3)
    tripled = Answers([asked.texts[row] for row in rows], asked.features[rows], asked.input_tokens[rows],
                      asked.score[rows], asked.tokens[rows], asked.clusters[rows])  # fmt: skip

    def areas(each: budget_task.Task) -> np.ndarray:
        number = len(each.asked)
        step = np.arange(len(budget_task.LAMBDAS)).repeat(number)
        limits = np.array(BUDGETS)[::-1][step * 14 // 24]
        found = budget_task.outcomes(each, np.zeros(len(step), dtype=np.int64), limits, np.arange(len(step)) % number)
        return budgeted_routing.resampled_areas(each, found)

    assert areas(replace(task, asked=tripled)) == pytest.approx(areas(task), rel=0.005), "but for ties of costs"


def query() -> Metrics:
    task = query_routing.draw("same", 1, with_twins=True, sizes=Sizes(60, 60))
    requests = task.requests(1)
    picks = requests["seed"] % 9
    metrics = query_routing.measure(task, picks[:60])
    assert task.twins is not None
    metrics["robustness"] = float((picks[task.twins[0]] == picks[60:]).mean())
    theirs = query_routing.resampled(task, np.zeros(60, dtype=np.int64))["arena_score"]
    query_routing.add_intervals(metrics, task, picks, theirs)
    return metrics


def budget() -> Metrics:
    """One model, with longer answers the less money matters."""
    task = budgeted_routing.draw("same", 1, Sizes(40, 40))
    step = np.arange(len(budget_task.LAMBDAS)).repeat(40)
    limits = np.array(BUDGETS)[::-1][step * 14 // 24]
    ours, theirs = (
        budget_task.outcomes(task, np.full(len(step), model), limits, np.arange(len(step)) % 40) for model in (0, 2)
    )
    metrics = budgeted_routing.measure(task, ours)
    budgeted_routing.add_intervals(metrics, task, ours, budgeted_routing.resampled_areas(task, theirs))
    return metrics


def recorded() -> Metrics:
    bank = agent_bank.draw(np.random.default_rng([4, 0]))
    task = agent_prefixes.Task(bank, bank)
    chosen = np.random.default_rng(0).integers(-1, 4, len(bank.facts))
    metrics = agent_prefixes.measure(task, chosen)
    theirs = agent_prefixes.resampled(task, bank.facts.label)["combined"]
    agent_prefixes.add_intervals(metrics, task, chosen, theirs)
    return metrics


def simulated() -> Metrics:
    runs = agent_runs.draw(np.random.default_rng(5), 60, agent_runs.SAME)

    def constant(tier: int) -> agent_runs.Simulator:
        return agent_runs.play(runs, lambda simulator: np.full(len(simulator.active), tier))

    ours = constant(tiers.HIGH)
    metrics = agent_live.measure(agent_live.Task({}, runs), ours)
    agent_live.add_intervals(metrics, ours, agent_live.resampled(constant(tiers.HIGH - 1))["bill_2"])
    return metrics


@pytest.mark.parametrize("make", [query, budget, recorded, simulated])
def test_every_metric_of_a_test_workload_has_its_interval(
    make: Callable[[], Metrics], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_features, "hash_features_of", lambda texts: np.zeros((len(texts), 256)))  # slow
    metrics = make()
    ends = {name for name in metrics if name.endswith(("_low", "_high")) and name.rpartition("_")[0] in
            {*metrics, "gain_over_baseline"} and name not in ("share_low", "share_high")}  # fmt: skip
    plain = set(metrics) - ends
    assert {f"{name}_{end}" for name in (*plain, "gain_over_baseline") for end in ("low", "high")} <= set(metrics)
    for name in plain:
        assert metrics[f"{name}_low"] - 1e-9 <= metrics[name] <= metrics[f"{name}_high"] + 1e-9, name
