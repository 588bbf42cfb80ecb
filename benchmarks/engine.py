"""What the engine costs: candidates a second and CPU milliseconds each, with an instant proposer and a trivial problem.

Everything else is as in a run: screening, isolation, the log. Prints one line per setting; with --candidates 20000 it
shows whether the rate holds as the run grows.

    python benchmarks/engine.py [--candidates 1000] [--workers 1,2] [--sandbox bubblewrap]
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adrs import plugins, session
from adrs.program import Brief, Draft, Parent, Program
from adrs.settings import Settings

TOML = """
title = "Return the largest number"
[decide]
what = "A number."
[policy]
shape = "solve"
[policy.functions.solve]
returns = "float"
[policy.functions.solve.arguments]
instance = { limit = "float", seed = "int" }
[objective]
metric = "value"
direction = "maximize"
[evaluator]
class = "evaluator:Largest"
[limits]
imports = ["numpy"]
[workloads]
train = [{ family = "one", seeds = [1] }]
[programs]
seed = "seed.py"
trivial = "seed.py"
"""

EVALUATOR = """
from adrs.evaluation import Evaluator, Metrics


class Largest(Evaluator):
    def load(self, spec):
        return 1e9

    def evaluate(self, policy, workload, spec):
        return Metrics(value=policy.call("solve", {"limit": workload, "seed": spec.policy_seed}))
"""

PROGRAM = '''"""A program of about one kilobyte, as evolved programs are."""

import math


def solve(instance):
    # {filler}
    value = {number}
    for step in range(3):
        value = min(instance["limit"], value + math.sin(step))
    return value
'''


class Instant:
    """Proposes a new program at once."""

    def __init__(self, context: object) -> None:
        pass

    async def propose(self, brief: Brief) -> Draft:
        """A program that no other ticket has."""
        source = PROGRAM.format(number=brief.ticket % 977 + brief.ticket / 1e6, filler="x" * 700)
        return Draft(source, "instant", "draw", (Parent(brief.parent.id, "parent"),))

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Nothing to remember."""

    def tell(self, program: Program) -> None:
        """Nothing to learn."""


class Pace:
    """Notes when each thousandth candidate was told."""

    def __init__(self) -> None:
        self.marks: list[float] = []

    def note(self, text: str) -> None:
        """Nothing is shown."""

    def calibrated(self, calibration: Any) -> None:
        """Nothing is shown."""

    def told(self, program: Program, evaluations: int) -> None:
        """Note the time."""
        if evaluations % 100 == 0:
            self.marks.append(time.perf_counter())


def cpu_seconds() -> float:
    """CPU of this process and of all that it has waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def measure(candidates: int, workers: int, sandbox: str | None) -> str:
    """One run; returns its line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "problem.toml").write_text(TOML)
        (folder / "evaluator.py").write_text(EVALUATOR)
        (folder / "seed.py").write_text(PROGRAM.format(number=0, filler=""))
        pace = Pace()
        before = cpu_seconds()
        settings = Settings(str(folder), max_evaluations=candidates, workers=workers, sandbox=sandbox)
        outcome = session.start(settings, folder / "runs", "bench", pace)
        cpu = cpu_seconds() - before
        size = (outcome.path / "run.db").stat().st_size
        rates = [100 / (after - begin) for begin, after in zip(pace.marks, pace.marks[1:], strict=False)]
        first, last = _median(rates[:10]), _median(rates[-10:])
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return (
            f"{workers} workers  {outcome.evaluations} candidates  {first:7.1f}/s at first  {last:7.1f}/s at last  "
            f"{1000 * cpu / candidates:6.2f} ms CPU each (start included)  {size / candidates:6.0f} B on disk each  "
            f"engine peak {memory:.0f} MB"
        )


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else float("nan")


def main() -> None:
    """Measure all settings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--sandbox", default=None)
    options = parser.parse_args()
    load: Callable[[str, str], Any] = plugins.load

    def with_instant(seam: str, name: str) -> Any:
        return Instant if seam == "proposer" else load(seam, name)

    plugins.load = with_instant
    for workers in options.workers.split(","):
        print(measure(options.candidates, int(workers), options.sandbox), flush=True)


if __name__ == "__main__":
    main()
