"""CPU time of going on with a long run: a log of made-up programs is followed by the loop, with the control as search.

    python benchmarks/fold.py [--programs 5000]

The proposer remembers nothing here, so that its own bookkeeping, which differs, is not in the figure.
"""

import argparse
import asyncio
import random
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from adrs import problem, scaffold
from adrs.budget import Budget
from adrs.observer import Silent
from adrs.optimistic import Optimum
from adrs.parts import Parts
from adrs.problem import Problem
from adrs.program import Brief, Draft, Evaluation, Parent, Program, Selection, WorkloadResult
from adrs.run import Loop
from adrs.search.best_of_n import BestOfN
from adrs.settings import Settings
from adrs.source import Screen
from adrs.steering import Steering
from adrs.store import Reader, Writer
from adrs.store.recorded import Recorded
from adrs.testing.executor import InProcessExecutor

_WINDOW = 8
_SEED = Draft("def solve(instance):\n    return 0\n", "seed", "seed", ())
_BODY = "\n".join(f"    y{number} = {number} * instance['machines']" for number in range(25))


class _Forgetful:
    """A proposer that is never asked for anything new."""

    async def propose(self, brief: Brief) -> Draft:
        raise RuntimeError("the log has all answers")

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Nothing to remember."""

    def tell(self, program: Program) -> None:
        """Nothing to learn."""


def evaluation(makespan: float) -> Evaluation:
    results = tuple(WorkloadResult(f"w{number}", "ok", {"makespan": makespan + number}, 1.0) for number in range(6))
    return Evaluation("train", "full", "ok", "", {"makespan": makespan}, -makespan, makespan, results)


def write(writer: Writer, count: int) -> None:
    """Programs of 0.9 kB with results on six workloads, in the order of a run with one worker."""
    seed = Program(1, "", "")
    writer.proposed(1, 1, 0, "1", _SEED)
    writer.evaluated(1, 1, evaluation(9.0))
    writer.told(1)
    for ticket in range(2, count + 1):
        source = f"def solve(instance):\n{_BODY}\n    return {ticket}\n"
        writer.asked(ticket, Selection(seed))
        writer.proposed(ticket, ticket, 0, str(ticket), Draft(source, "made up", "draw", (Parent(1, "parent"),), "new"))
        writer.evaluated(ticket, ticket, evaluation(random.random()))
        if ticket > _WINDOW + 1:
            writer.told(ticket - _WINDOW)


async def follow(demo: Problem, writer: Writer, reader: Reader) -> float:
    """CPU seconds of following the log to its end."""
    parts = Parts(
        problem=demo, seed=0, window=_WINDOW, order="ticket", budget=Budget(), search=BestOfN(seed=0),
        proposer=_Forgetful(), screen=Screen(demo), executor=InProcessExecutor(demo), scale=None, call_seconds=None,
        optimum=Optimum(demo, ()), first=_SEED,
        seed_evaluation=evaluation(9.0), writer=writer, reader=reader,
        recorded=Recorded(reader, evaluations=True), ends_early=False, replaying=False,
        steering=Steering(writer, reader),
    )  # fmt: skip
    loop = Loop(parts, Silent(), lambda: None)
    started = time.process_time()
    await loop.catch_up()
    seconds = time.process_time() - started
    await loop.drop()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=5000)
    count = parser.parse_args().programs
    with tempfile.TemporaryDirectory() as folder:
        scaffold.make(Path(folder) / "demo")
        demo = problem.load(str(Path(folder) / "demo"))
        writer = Writer.create(Path(folder) / "run", demo, 0, asdict(Settings(str(demo.folder), search="best-of-n")))
        write(writer, count)
        with Reader(Path(folder) / "run") as reader:
            print(f"{1e3 * asyncio.run(follow(demo, writer, reader)) / count:.3f} ms of CPU a program")
        writer.close()


if __name__ == "__main__":
    main()
