"""The simulated track of agent-step-routing: asks a policy for every call of many runs in lock step."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from adrs.evaluation import Metrics, Policy, Shared
from evaluators.routing import agent_runs, asking, intervals, tiers
from evaluators.routing.agent_prefixes import episodes
from evaluators.routing.agent_runs import MOST_DOLLARS, MOST_STEPS, TIME_TO_LIVE, Runs, Simulator

NOT_ASKED = -2
FAILED = -1
_SEED_LIMIT = 2**63
PENALTIES = {"bill": agent_runs.PENALTY, "bill_2": agent_runs.PENALTY_2, "bill_5": agent_runs.PENALTY_5}
"""Dollars for each unresolved run."""


@dataclass(frozen=True)
class Task:
    """One workload."""

    train: dict[str, Any]
    runs: Runs


def record(runs: Runs, seed: int) -> dict[str, Any]:
    """Calls of recorded runs: half of them played at tier high throughout, half at random tiers."""
    rng = np.random.default_rng([seed, 2])
    half = len(runs) // 2
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("signal", "prompt_tokens", "step", "tier", "run")}

    def decide(simulator: Simulator) -> np.ndarray:
        rows = simulator.active
        found = (simulator.signal, simulator.prompt_tokens, np.full(len(rows), simulator.step_number + 1),
                 simulator.required, rows)  # fmt: skip
        for column, value in zip(columns.values(), found, strict=True):
            column.append(value.copy())
        return np.where(rows < half, tiers.HIGH, rng.integers(0, 4, size=len(rows)))

    agent_runs.play(runs, decide)
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.lexsort((joined["step"], joined["run"]))
    return {**{name: values[order] for name, values in joined.items()}, "prices": tiers.POOL_PRICES}


@dataclass(frozen=True)
class Played:
    """What came of runs, in the order of the workload."""

    chosen: np.ndarray
    """int64[R, MOST_STEPS]; FAILED where a decision failed, NOT_ASKED after a run's end."""
    seconds: np.ndarray
    """float64[R, MOST_STEPS], CPU seconds of the calls, as the policy's process says."""
    late: np.ndarray
    """bool[R]: whether a call took too long."""
    end: Simulator
    tallies: tuple[asking.Tally, ...]
    """Of decisions and of calls of `observe`, not closed yet."""


def play(policy: Policy, task: Task, seed: int, order: np.ndarray) -> Played:
    """Play some runs, int64, which are asked in that order. Raises Failed for too many failed decisions."""
    runs = task.runs
    number = len(runs)
    place = np.full(number, -1)
    place[order] = np.arange(len(order))
    seeds = np.random.default_rng(seed).integers(0, _SEED_LIMIT, size=(number, MOST_STEPS))
    shape = (number, MOST_STEPS)
    chosen, seconds, late = np.full(shape, NOT_ASKED), np.zeros(shape), np.zeros(number, dtype=bool)
    simulator = Simulator(runs)
    simulator.active = simulator.active[place >= 0]
    tallies = asking.Tally(number * MOST_STEPS), asking.Tally(number * MOST_STEPS, "calls of observe")
    limits = {"max_steps": MOST_STEPS, "budget_usd": MOST_DOLLARS}
    policy.reset(seed, len(order))
    policy.call("fit", task.train)
    policy.map("reset", episodes(len(order), tiers.POOL_PRICES, limits))
    while len(simulator.active):
        step = simulator.step_number
        simulator.active = simulator.active[np.argsort(place[simulator.active])]
        rows = simulator.active
        scenarios = place[rows].tolist()
        attempts = policy.attempt(
            "route", _requests(simulator, seeds[rows, step], limits), scenarios=scenarios,
            seconds=asking.CALL_SECONDS, most_failures=tallies[0].left,
        )  # fmt: skip
        tallies[0].add(attempts)
        tier = np.full(len(rows), FAILED)
        if attempts.answers is not None:
            tier[attempts.succeeded] = attempts.answers
        chosen[rows, step], seconds[rows, step] = tier, attempts.seconds
        feedback = simulator.step(tier)
        told = policy.attempt(
            "observe", feedback, scenarios=scenarios, seconds=asking.CALL_SECONDS, most_failures=tallies[1].left
        )
        tallies[1].add(told)
        late[rows] |= asking.late(attempts) | asking.late(told)
    return Played(chosen, seconds, late, simulator, tallies)


def _requests(simulator: Simulator, seeds: np.ndarray, limits: dict[str, Any]) -> dict[str, Any]:
    rows = simulator.active
    return {
        "step": np.full(len(rows), simulator.step_number + 1),
        "signal": simulator.signal,
        "prices": Shared(tiers.POOL_PRICES),
        "prompt_tokens": simulator.prompt_tokens,
        "cache": {
            "cached_tokens": simulator.cached_tokens,
            "age": simulator.cache_age,
            "time_to_live": TIME_TO_LIVE,
        },
        "spent_usd": simulator.spent[rows],
        "limits": Shared(limits),
        "seed": seeds,
    }


def bills(end: Simulator, penalty: float) -> np.ndarray:
    """float64[R], dollars: what a run cost, and the penalty if it is not resolved."""
    found: np.ndarray = end.spent + penalty * ~end.resolved
    return found


def measure(task: Task, end: Simulator) -> Metrics:
    """Metrics of all runs of a workload, at their end."""
    resolved = int(end.resolved.sum())
    shares = end.calls.sum(axis=0) / max(1, end.calls.sum())
    metrics = Metrics(
        **{name: float(bills(end, penalty).mean()) for name, penalty in PENALTIES.items()},
        bill_100=100 * float(bills(end, agent_runs.PENALTY).mean()),
        resolved=resolved / len(task.runs),
        cost=float(end.spent.mean()),
        steps=float(end.steps.mean()),
        bounds={"bill_2": float(agent_runs.least_bill(task.runs, agent_runs.PENALTY_2).mean())},
        feedback=(
            f"{end.resolved.mean():.1%} resolved at ${end.spent.mean():.3f} and {end.steps.mean():.1f} steps each; "
            "calls at " + ", ".join(f"{name} {share:.0%}" for name, share in zip(tiers.NAMES, shares, strict=True))
        ),
    )
    for name, share in zip(tiers.NAMES, shares.tolist(), strict=True):
        metrics[f"share_{name}"] = share
    if resolved:
        metrics["cost_per_resolved"] = float(end.spent.sum()) / resolved
    return metrics


def resampled(end: Simulator) -> dict[str, np.ndarray]:
    """Metrics on resampled runs, float64[replicates] by name, with the same draws for all policies."""
    number = len(end.spent)
    columns = {name: bills(end, penalty) for name, penalty in PENALTIES.items()}
    columns |= {"resolved": end.resolved.astype(float), "cost": end.spent, "steps": end.steps.astype(float)}
    columns |= {f"share_{name}": end.calls[:, tier].astype(float) for tier, name in enumerate(tiers.NAMES)}
    means = dict(zip(columns, (intervals.draws(number) @ np.stack(list(columns.values()), axis=1) / number).T,
                     strict=True))  # fmt: skip
    for name in tiers.NAMES:
        means[f"share_{name}"] = means[f"share_{name}"] / means["steps"]
    if (means["resolved"] > 0).all():
        means["cost_per_resolved"] = means["cost"] / means["resolved"]
    return means | {"bill_100": 100 * means["bill"]}


def add_intervals(metrics: Metrics, ours: Simulator, theirs: np.ndarray) -> None:
    """Add 95 % intervals over runs of all metrics, and of what bill_2 is below the state-of-the-art baseline's.

    theirs: float64[replicates], the baseline's bill_2 on resampled runs.
    """
    intervals.add(metrics, resampled(ours))
    saved = theirs - resampled(ours)["bill_2"]
    intervals.add(metrics, {"gain_over_baseline": saved})
