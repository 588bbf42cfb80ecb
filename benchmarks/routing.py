"""What judging routers costs: trusted accounting and look-ups alone, in CPU time.

Run: python benchmarks/routing.py
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from evaluators.routing import (
    agent_accounting,
    agent_bank,
    agent_runs,
    arena,
    budget_task,
    budgeted_routing,
    query_routing,
    tiers,
)


def milliseconds(call: Callable[[], Any], times: int = 7) -> float:
    """Least CPU time of a call."""
    best = float("inf")
    for _ in range(times):
        started = time.process_time()
        call()
        best = min(best, time.process_time() - started)
    return 1000 * best


def plain_arena(task: query_routing.Task, picks: list[int]) -> float | None:
    """The arena score row by row over dictionaries, as official scorers walk files."""
    rows = [
        {"accuracy": row_accuracy, "cost": row_cost}
        for row_accuracy, row_cost in zip(task.asked.accuracy.tolist(), task.asked.cost.tolist(), strict=True)
    ]
    chosen = [(row["accuracy"][pick], row["cost"][pick]) for row, pick in zip(rows, picks, strict=True)]
    accuracy = sum(found for found, _ in chosen) / len(chosen)
    return arena.arena_score(accuracy, arena.cost_per_thousand([cost for _, cost in chosen], len(chosen)))


def main() -> None:
    """Print one line a measurement."""
    bank = agent_bank.draw(np.random.default_rng(1)).facts
    chosen = np.random.default_rng(0).integers(0, 4, size=len(bank))
    took = milliseconds(
        lambda: agent_accounting.combine(agent_accounting.grade(bank, chosen, False).sums().sum(axis=0))
    )
    print(f"static grades of 970 recorded calls    {took:8.2f} ms")
    runs = agent_runs.draw(np.random.default_rng(1), 400, agent_runs.SAME)
    took = milliseconds(lambda: agent_runs.play(runs, lambda s: np.full(len(s.active), tiers.HIGH)))
    print(f"400 simulated runs at tier high        {took:8.2f} ms")
    task = query_routing.draw("same", 1)
    picks = np.zeros(len(task.asked), dtype=np.int64)
    query_routing.measure(task, picks)
    took = milliseconds(lambda: query_routing.measure(task, picks))
    plain = milliseconds(lambda: plain_arena(task, picks.tolist()))
    print(f"all metrics of 1,500 queries           {took:8.2f} ms   (arena score alone, row by row: {plain:.2f} ms)")
    cells = budgeted_routing.draw("same", 1)
    number = len(budget_task.LAMBDAS) * len(cells.asked)
    queries = np.arange(number) % len(cells.asked)
    models, budgets = np.zeros(number, dtype=np.int64), np.full(number, 75)

    def judge() -> None:
        budgeted_routing.measure(cells, budget_task.outcomes(cells, models, budgets, queries))

    judge()
    print(f"curves of 37,500 budgeted decisions    {milliseconds(judge):8.2f} ms")


if __name__ == "__main__":
    main()
