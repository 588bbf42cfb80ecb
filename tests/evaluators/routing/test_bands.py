"""Generated workloads are as hard as they were made to be: what baselines reach on several seeds."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from adrs import problem as problems
from adrs.evaluation import Shared, WorkloadSpec
from evaluators.routing import (
    agent_accounting,
    agent_bank,
    agent_live,
    agent_prefixes,
    agent_runs,
    agent_step_routing,
    arena,
    budget_task,
    budgeted_routing,
    cost_curves,
    query_routing,
    reference,
    text_features,
    tiers,
)

SEEDS = (1, 2, 3)


def baseline(problem: str, name: str) -> ModuleType:
    module = ModuleType(f"{problem}-{name}")
    path = problems.load(problem).folder / "baselines" / f"{name}.py"
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    return module


def rows(columns: dict[str, Any], count: int) -> list[dict[str, Any]]:
    return [{name: value.value if isinstance(value, Shared) else value[row] for name, value in columns.items()}
            for row in range(count)]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_arena_scores_of_query_routers(seed: int) -> None:
    task = query_routing.draw("same", seed)
    number = len(task.asked)
    asked = rows(task.requests(1), number)
    bands = {"always_best": (0.67, 0.705), "knn_40": (0.685, 0.71), "carrot_linear": (0.70, 0.74)}
    found = {}
    for name, (low, high) in bands.items():
        program = baseline("query-routing", name)
        model = program.fit(task.train)
        picks = np.array([program.route(model, None, request) for request in asked])
        found[name] = query_routing.measure(task, picks)["arena_score"]
        assert low <= found[name] <= high, name
    oracle = arena.oracle_by_accuracy(task.asked.accuracy, task.asked.cost)
    best = arena.arena_score(*arena.choice_point(task.asked.accuracy, task.asked.cost, oracle))
    assert best is not None
    assert 0.895 <= best <= 0.91
    assert found["always_best"] < found["carrot_linear"] < best
    assert found["knn_40"] < found["carrot_linear"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_areas_of_budgeted_routers(seed: int) -> None:
    task = budgeted_routing.draw("same", seed, budgeted_routing.Sizes(4000, 750))
    seeds = task.seeds(0)
    areas = {}
    for name in ("best_cell", "r2_ridge"):
        program = baseline("budgeted-routing", name)
        model = program.fit(task.train)
        answers = [program.route(model, None, request)
                   for request in rows(task.requests(np.arange(len(seeds)), seeds), len(seeds))]  # fmt: skip
        decided = np.array([(at, budget or budget_task.UNLIMITED) for at, budget in answers], dtype=np.int64)
        queries = np.arange(len(seeds)) % len(task.asked)
        areas[name] = budgeted_routing.measure(task, budget_task.outcomes(task, decided[:, 0], decided[:, 1], queries))[
            "audc_extended_log"
        ]
    weights = [0.0, *(value / (1 - value) for value in budget_task.LAMBDAS[1:-1]), np.inf]
    cost, quality = np.array([task.oracle_point(weight) for weight in weights]).T
    oracle = cost_curves.extended_log_area(cost, quality, task.anchors)
    assert areas["best_cell"] == pytest.approx(0.717, abs=0.02)
    assert areas["r2_ridge"] == pytest.approx(0.779, abs=0.02)
    assert oracle == pytest.approx(0.912, abs=0.015)
    assert areas["best_cell"] < areas["r2_ridge"] < oracle <= task.bounds["audc_extended_log"]


@pytest.mark.parametrize("seed", SEEDS)
def test_constant_tiers_and_rules_on_recorded_calls(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_features, "hash_features_of", lambda texts: np.zeros((len(texts), 256)))  # slow
    bank = agent_bank.draw(np.random.default_rng([seed, 0]))
    known = bank.facts

    def combined(chosen: np.ndarray) -> dict[str, float]:
        sums = agent_accounting.grade(known, chosen, official=False).sums().sum(axis=0)
        return {name: float(value) for name, value in agent_accounting.combine(sums).items()}

    constant = [combined(np.full(len(known), tier)) for tier in range(4)]
    assert 62.5 <= constant[0]["combined"] <= 65
    assert 50.5 <= constant[1]["combined"] <= 52.5
    assert 52.5 <= constant[2]["combined"] <= 54.5
    assert constant[3]["combined"] == pytest.approx(54.381443, abs=1e-6)
    rule, oracle = combined(agent_prefixes.workload_rule(known)), combined(known.label)
    assert 80.5 <= rule["combined"] <= 81.5
    assert 91.5 <= oracle["combined"] <= 93.5
    system = np.array([len(messages[0]["content"].split()) for messages in bank.messages])
    ends = np.exp(np.linspace(np.log(60), np.log(2000), 15))
    by_length = [combined(np.where((system > low) & (system < high), tiers.HIGH, tiers.LOW))["combined"]
                 for low in ends for high in ends if low < high]  # fmt: skip
    assert max(by_length) < rule["combined"] - 2, "no length of the system message gives the benchmark away"
    floor = combined(np.maximum(known.label, tiers.NAMES.index("mid_high")))
    assert floor["row_pass"] == floor["traj_pass"] == 100
    assert floor["row_exact"] < 30, "never under-routing is legal, and shows"
    assert floor["combined"] < oracle["combined"] <= agent_accounting.upper_bound(known)


def test_a_bank_is_the_same_bytes_for_the_same_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_features, "hash_features_of", lambda texts: np.zeros((len(texts), 256)))
    first, second = (agent_bank.draw(np.random.default_rng([9, 0]), heavy=True) for _ in range(2))
    assert first.messages == second.messages
    for name in ("prompt", "label", "output", "prefix", "step"):
        assert getattr(first.facts, name).tobytes() == getattr(second.facts, name).tobytes()


@pytest.mark.parametrize("seed", SEEDS)
def test_bills_of_simulated_runs(seed: int) -> None:
    """Giving up early pays under the official bill, and not under the one that is evolved on."""
    runs = agent_runs.draw(np.random.default_rng(seed), 400, agent_runs.SAME)
    high, weaker, oracle = (
        agent_runs.play(runs, decide)
        for decide in (
            lambda simulator: np.full(len(simulator.active), tiers.HIGH),
            lambda simulator: np.full(len(simulator.active), tiers.NAMES.index("mid_high")),
            lambda simulator: simulator.required,
        )
    )
    official, ours = ([agent_live.bills(end, penalty).mean() for end in (high, weaker, oracle)]
                      for penalty in (0.60, 2.00))  # fmt: skip
    assert ours == pytest.approx([1.03, 1.07, 0.85], abs=0.1)
    assert official[1] < official[0] - 0.2
    assert ours[1] > ours[0] - 0.05
    assert weaker.resolved.mean() < high.resolved.mean() - 0.15
    assert ours[2] < ours[0]


def played_at(task: agent_live.Task, learnt: Any, theta: float, floor: int) -> agent_runs.Simulator:
    """All runs at the least tier that is enough with a chance of theta, as the tuned quantile would play them."""
    chances = baseline("agent-step-routing-trajectory", "tuned_quantile").chances

    def decide(simulator: agent_runs.Simulator) -> np.ndarray:
        return np.clip((np.cumsum(chances(learnt, simulator.signal), axis=1) < theta).sum(axis=1), floor, tiers.HIGH)

    return agent_runs.play(task.runs, decide)


@pytest.mark.parametrize("seed", [1002, 1003])
def test_the_tuned_quantile_has_the_figures_that_it_is_made_for(seed: int) -> None:
    """Its pair of theta and floor is about the best of the fifteen, and no other costs what it saves."""
    spec = WorkloadSpec("agent-step-routing-trajectory", f"same-{seed}", "same", "train", seed)
    task = agent_step_routing.SimulatedRuns({"runs": 400}).load(spec)
    learnt, chosen = baseline("agent-step-routing-trajectory", "tuned_quantile").fit(task.train)
    ends = {(theta, 2): played_at(task, learnt, theta, 2) for theta in (0.6, 0.7, 0.8, 0.9)}
    bills = {pair: agent_live.bills(end, agent_runs.PENALTY_2).mean() for pair, end in ends.items()}
    assert bills[chosen] <= min(bills.values()) + 0.012
    assert bills[chosen] < bills[0.9, 2]
    end = ends[chosen]
    assert bills[chosen] == pytest.approx(0.96, abs=0.08)
    assert agent_live.bills(end, agent_runs.PENALTY).mean() == pytest.approx(0.58, abs=0.08)
    assert end.resolved.mean() == pytest.approx(0.73, abs=0.05)
    assert end.spent.mean() == pytest.approx(0.42, rel=0.12)
    assert end.steps.mean() == pytest.approx(29.7, rel=0.08)


def test_the_tuned_quantile_counts_on_the_caches_of_all_tiers() -> None:
    """Back at a tier, a run reads there what it wrote; the next run reads nothing of it."""
    readable = baseline("agent-step-routing-trajectory", "tuned_quantile").readable
    tier, run = np.array([3, 2, 3, 2, 2, 3]), np.array([0, 0, 0, 0, 1, 1])
    prompt = np.array([100, 200, 300, 400, 50, 60])[:, None] * np.ones(4)
    assert readable(tier, prompt, np.searchsorted(run, run)).tolist() == [0, 0, 100, 200, 0, 0]


@pytest.mark.slow
def test_the_tuned_quantile_is_better_than_always_high() -> None:
    spec = WorkloadSpec("agent-step-routing-trajectory", "same-3", "same", "train", 3)
    evaluator = agent_step_routing.SimulatedRuns({"runs": 150})
    task = evaluator.load(spec)
    bills = []
    for policy in (reference.ReferencePolicy("agent-step-routing-trajectory"), None):
        if policy is not None:
            end = agent_live.play(policy, task, 1, np.arange(150)).end
        else:
            end = agent_runs.play(task.runs, lambda simulator: np.full(len(simulator.active), tiers.HIGH))
        bills.append(agent_live.bills(end, agent_runs.PENALTY_2).mean())
    assert agent_runs.least_bill(task.runs, agent_runs.PENALTY_2).mean() < bills[0] < bills[1]
