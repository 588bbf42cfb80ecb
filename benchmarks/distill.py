"""What becomes of the neural teacher of `congestion-control` as a rule: sizes, fidelity and closed-loop values.

    python benchmarks/distill.py [--seed 0] [--rounds 3] [--workers 2] [--teacher W.npz] [--output rule.json]

Values are the problem's own; a point is a hundredth of the distance from the constant rate to the teacher on validation.
Everything but the seconds repeats to the last digit, at any number of workers.
"""

import argparse
import asyncio
import json
import resource
import time
from pathlib import Path

from adrs.distill.closed_loop import ClosedLoop, Outcome
from adrs.distill.rows import Row, make_rows
from adrs.distill.symbolic import HALF_A_POINT, Distilling, Plan
from adrs.distill.teacher import load_network
from adrs.distill.teachers import NetworkTeacher
from adrs.distill.workers import Workers
from adrs.problem import load
from adrs.rule.form import Constant, Leaf, Rule
from adrs.rule.plain import plain


def line(row: Row) -> str:
    """One row of the table."""
    values = []
    for split in ("train", "validation", "test"):
        outcome = row.outcomes.get(split)
        values.append("      -     -" if outcome is None else f"{outcome.value:7.4f} {outcome.worst_tenth:5.2f}")
    mark = "*" if row.chosen else " "
    return f"{mark} {row.name:36s} {row.nodes:6d} {row.operations:6d} {row.fidelity:8.3f}  {'  '.join(values)}"


async def main() -> None:
    """Distil, print the table, write the rule."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--teacher", type=Path)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    problem = load("congestion-control")
    assert problem.distillation is not None
    inputs = problem.distillation.inputs
    network = load_network(arguments.teacher or problem.folder / "teacher.npz", inputs)
    with Workers(arguments.workers) as workers:
        loop = ClosedLoop(problem, workers)
        teacher = NetworkTeacher(network, loop)
        started = time.monotonic()
        outcomes: dict[str, Outcome] = {}
        for split, specs in problem.workloads.items():
            outcomes[split] = await teacher.outcome(specs)
        (still,) = await loop.outcomes([Rule(inputs, Leaf(Constant(0.0)))], problem.workloads["validation"])
        margin = HALF_A_POINT * abs(outcomes["validation"].value - still.value)
        print(f"teacher and constant rate scored: {time.monotonic() - started:.0f} s", flush=True)
        started = time.monotonic()
        distilling = Distilling(
            teacher, loop, workers, Plan(rounds=arguments.rounds, seed=arguments.seed), margin, tell=print
        )
        found = await distilling.run()
        print(f"{len(found.candidates)} rules, {loop.evaluations} evaluations, {time.monotonic() - started:.0f} s")
        rows = await make_rows(loop, found, margin)
    print(f"  {'rule':36s}  nodes    ops       R2  {'  '.join(f'{split:>7s} worst' for split in outcomes)}")
    print(line(Row("teacher", "teacher", None, network.parameters, network.operations, outcomes)))
    for row in rows:
        print(line(row))
    chosen = next(row.rule for row in rows if row.chosen)
    print(json.dumps(plain(chosen)["rule"]))
    if arguments.output:
        arguments.output.write_text(json.dumps(plain(chosen), indent=1) + "\n")
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(f"CPU seconds: {sum(each.ru_utime + each.ru_stime for each in used):.0f}")


if __name__ == "__main__":
    asyncio.run(main())
