"""What isolation costs: CPU time of one candidate in each sandbox, beside a fresh Python process that imports numpy.

    python benchmarks/sandbox.py [--candidates 300] [--workers 2]

Times of a busy machine mean little by themselves: all rows come from one run, in turns, and the last column is a ratio.
"""

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from adrs import problem, resources, sandbox
from adrs.evaluate.policy import SandboxedPolicy
from adrs.evaluate.pool import LocalPool
from adrs.problem import Problem
from adrs.program import Job
from adrs.sandbox import SandboxSpec
from adrs.sandbox.zygote import Zygote
from adrs.testing.sandbox import descendants

_SOURCE = """
import numpy as np


def solve(values):
    return {"choice": int(np.argmax(values)), "weights": np.zeros(len(values))}
"""
_ROUNDS = 10


@dataclass
class Row:
    """Samples of one backend, in seconds of CPU a candidate unless said otherwise."""

    name: str
    zygote: Zygote
    others: list[int]
    """Pids of the processes that hold the sandbox."""
    total: list[float] = field(default_factory=list)
    child: list[float] = field(default_factory=list)
    round_trip: list[float] = field(default_factory=list)
    """Wall seconds."""
    rate: float = 0.0
    """Candidates a second through the pool."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=300, help="for each backend")
    parser.add_argument("--workers", type=int, default=2, help="of the pool, for the rate")
    arguments = parser.parse_args()
    trivial = problem.load(str(resources.folder("hostile") / "problem"))
    rows = [_start(probe.name) for probe in sandbox.probe() if probe.available]
    fresh: list[float] = []
    for _ in range(_ROUNDS):
        fresh.append(_children_cpu(lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True)))
        for row in rows:
            for _ in range(arguments.candidates // _ROUNDS):
                _one(row, trivial)
    for row in rows:
        row.zygote.close()
        row.rate = asyncio.run(_rate(trivial, row.name, arguments.workers, arguments.candidates))
    base = statistics.median(fresh)
    print(f"{'':12}{'CPU ms':>16}{'of it child':>12}{'round trip':>12}{'candidates':>12}{'fresh Python':>14}")
    print(f"{'':12}{'median (least)':>16}{'median':>12}{'us':>12}{'/s':>12}{'costs times':>14}")
    for row in rows:
        median = statistics.median(row.total)
        print(
            f"{row.name:12}{1e3 * median:8.2f} ({1e3 * min(row.total):.2f}){1e3 * statistics.median(row.child):12.2f}"
            f"{1e6 * statistics.median(row.round_trip):12.0f}{row.rate:12.0f}{base / median:14.1f}"
        )
    print(f"a fresh Python that imports numpy: {1e3 * base:.0f} ms of CPU")


def _start(name: str) -> Row:
    before = descendants(os.getpid())
    zygote = sandbox.named(name).start(SandboxSpec(imports=("numpy",), memory_mb=128, scratch_mb=2))
    return Row(name, zygote, [pid for pid, _ in descendants(os.getpid()) - before])


def _one(row: Row, trivial: Problem) -> None:
    """Start, load, seed, ask and end one policy process."""
    values = np.random.default_rng(1).random(20)
    before = time.process_time() + sum(map(_clock, row.others))
    policy = SandboxedPolicy(row.zygote, trivial.functions, trivial.limits)
    policy.load(_SOURCE)
    policy.reset(1)
    policy.call("solve", values)
    row.round_trip.append(policy.seconds)
    policy.close()
    row.child.append(policy.cpu_seconds)
    row.total.append(time.process_time() + sum(map(_clock, row.others)) - before + policy.cpu_seconds)


def _clock(pid: int) -> float:
    """CPU seconds of another process (clock_getcpuclockid of the C library)."""
    return time.clock_gettime((~pid << 3) | 2)


def _children_cpu(work: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def _rate(trivial: Problem, backend: str, workers: int, candidates: int) -> float:
    pool = LocalPool(trivial, workers, backend)
    try:
        await pool.start()
        await asyncio.gather(*(pool.evaluate(Job(_SOURCE, "train")) for _ in range(workers)))
        started = time.perf_counter()
        evaluations = await asyncio.gather(*(pool.evaluate(Job(_SOURCE, "train")) for _ in range(candidates)))
        seconds = time.perf_counter() - started
    finally:
        await pool.close()
    assert all(evaluation.verdict == "ok" for evaluation in evaluations)
    return candidates / seconds


if __name__ == "__main__":
    main()
