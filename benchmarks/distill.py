"""What becomes of the neural teacher of `congestion-control` as a rule: sizes, fidelity and closed-loop values.

    python benchmarks/distill.py [--seed 0] [--rounds 3] [--leaves 4] [--workers 2] [--small] [--output rule.json]

Values are the problem's own; a point is a hundredth of the distance from the constant rate to the teacher on
validation. `--small` searches less: one seed, 300 expressions, 30 generations, 1500 rows, two finalists of 150
evaluations each.
Everything but the seconds repeats to the last digit, at any number of workers.
"""

import argparse
import asyncio
import json
import resource
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from adrs.distill.symbolic.closed_loop import ClosedLoop, Outcome, outcome
from adrs.distill.symbolic.rounds import HALF_A_POINT, Distilling, Plan
from adrs.distill.symbolic.rows import RuleRow, make_rows
from adrs.distill.symbolic.search import Effort
from adrs.distill.symbolic.teacher import load_network
from adrs.distill.symbolic.teachers import NetworkTeacher
from adrs.distill.symbolic.workers import Workers
from adrs.evaluate.harness import load_evaluator
from adrs.problem import Problem, load
from adrs.program import Split
from adrs.rule.plain import plain


def line(row: RuleRow) -> str:
    """One row of the table."""
    values = []
    for split in ("train", "validation", "test"):
        outcome = row.outcomes.get(split)
        values.append("      -      -" if outcome is None else f"{outcome.value:7.4f} {outcome.worst_tenth:6.3f}")
    mark = "*" if row.chosen else " "
    return f"{mark} {row.name:36s} {row.nodes:6d} {row.operations:6d} {row.fidelity:8.3f}  {'  '.join(values)}"


def baseline(problem: Problem, name: str) -> dict[Split, Outcome]:
    """A native baseline on every split."""
    evaluator, found = load_evaluator(problem), dict[Split, Outcome]()
    for split, specs in problem.workloads.items():
        results = [(spec, evaluator.reference(name, evaluator.load(spec), spec)) for spec in specs]
        found[split] = outcome(problem, evaluator, results)
    return found


async def main() -> None:
    """Distil, print the table, write the rule."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--leaves", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    problem = load("congestion-control")
    assert problem.distillation is not None
    inputs = problem.distillation.inputs
    network = load_network(problem.folder / "teacher.npz", inputs)
    plan = Plan(rounds=arguments.rounds, leaves=arguments.leaves, seed=arguments.seed)
    if arguments.small:
        effort = Effort(population=300, generations=30, rows=1500)
        plan = replace(plan, seeds=1, finalists=2, evaluations=150, effort=effort)
    started = time.monotonic()
    outcomes, still = baseline(problem, "teacher"), baseline(problem, "constant-rate")
    margin = HALF_A_POINT * abs(outcomes["validation"].value - still["validation"].value)
    print(f"teacher and constant rate scored: {time.monotonic() - started:.0f} s", flush=True)
    print(line(RuleRow("teacher", "teacher", None, network.parameters, network.operations, outcomes)), flush=True)
    with Workers(arguments.workers) as workers:
        loop = ClosedLoop(problem, workers)
        teacher = NetworkTeacher(network, loop)
        started = time.monotonic()
        distilling = Distilling(teacher, loop, workers, plan, margin, tell=partial(print, flush=True))
        found = await distilling.run()
        print(f"{len(found.candidates)} rules, {loop.evaluations} evaluations, {time.monotonic() - started:.0f} s")
        rows = await make_rows(loop, found, margin)
    print(f"  {'rule':36s}  nodes    ops       R2  {'  '.join(f'{split:>7s}  worst' for split in outcomes)}")
    for row in rows:
        print(line(row))
    print(line(RuleRow("constant", "constant rate", None, 1, 0, still, 0.0)))
    chosen = next(row.rule for row in rows if row.chosen and row.rule is not None)
    print(json.dumps(plain(chosen)["rule"]))
    if arguments.output:
        arguments.output.write_text(json.dumps(plain(chosen), indent=1) + "\n")
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(f"CPU seconds: {sum(each.ru_utime + each.ru_stime for each in used):.0f}")


if __name__ == "__main__":
    asyncio.run(main())
