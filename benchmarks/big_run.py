"""Makes a run of many programs through the store's writer, then measures the verbs that people wait for.

    python benchmarks/big_run.py --programs 100000 --folder /tmp/big

Nothing is evaluated: sources, scores and failures are drawn. The verbs run as processes of their own, beside
`adrs --version`, which does nothing; the least of several times counts.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from adrs import problem, scaffold
from adrs.program import Draft, Evaluation, Parent, Program, Selection, Verdict, WorkloadResult
from adrs.settings import Settings
from adrs.store import Writer

_FAILURES: tuple[tuple[Verdict, str], ...] = (
    ("error", "uniform-1000: ZeroDivisionError: division by zero (line 12)"),
    ("invalid", "uniform-1000: range: value 9 at index 4 is not in 0..7"),
    ("timeout", "uniform-1000: solve took longer than 10 s"),
)
_OPERATORS = ("tune", "mutate", "crossover", "refill", "block")
_WORKLOADS = ("uniform-1000", "skewed-1001")
_LINES = [f"    load_{n} = sum(instance.size[{n}:]) * {n * 7 % 13}  # what is left of it" for n in range(40)]


def make(folder: Path, programs: int, seed: int = 0) -> Path:
    """A run with a log like that of a real one: a fifth fails, best-so-far rises ever more rarely."""
    scaffold.make(folder / "demo")
    settings = Settings(str(folder / "demo"), seed=seed)
    writer = Writer.create(folder / "runs" / "big", problem.load(settings.problem), seed, vars(settings))
    rng, scores = random.Random(seed), [0.0]
    best = [1]
    writer.event("started", {"sandbox": "none"})
    with writer.together():
        _write(writer, 1, 1, Evaluation("train", "full", "ok", metrics={"makespan": 1.0}, fitness=-1.0, score=0.0))
        for number in range(2, programs + 1):
            parent = rng.choice(best) if rng.random() < 0.8 else rng.randrange(1, number)
            score, evaluation = _drawn(rng, scores[parent - 1], number)
            if evaluation.fitness is not None and score > scores[best[-1] - 1]:
                best = [*best[-19:], number]
            scores.append(score)
            _write(writer, number, parent, evaluation)
    writer.event("chosen", {"winner": best[-1]})
    writer.event("stopped", {"by": "evaluations"})
    writer.close()
    return folder / "runs" / "big"


def _drawn(rng: random.Random, parent: float, number: int) -> tuple[float, Evaluation]:
    """A score near the parent's, now and then a little better, and its evaluation."""
    if rng.random() < 0.2:
        verdict, reason = rng.choice(_FAILURES)
        return parent, Evaluation("train", "full", verdict, reason, wall_seconds=0.1, cpu_seconds=0.1)
    score = parent + (rng.expovariate(3.0) / number**0.4 if rng.random() < 0.05 else -rng.expovariate(0.2))
    metrics = {"makespan": 1.0 - score / 100}
    results = tuple(WorkloadResult(name, "ok", metrics, score) for name in _WORKLOADS)
    return score, Evaluation("train", "full", "ok", "", metrics, score / 100 - 1.0, score, results, wall_seconds=0.1,
                             cpu_seconds=0.1, peak_memory_mb=40.0, sandbox="none")  # fmt: skip


def _write(writer: Writer, number: int, parent: int, evaluation: Evaluation) -> None:
    """Ask, propose, evaluate and tell one program; the first one is the seed program."""
    source = "\n".join([f"FACTOR = {number}", "", "def solve(instance):", *_LINES[: 10 + number % 20]])
    parents: tuple[Parent, ...] = (Parent(parent, "parent"),) if number > 1 else ()
    operator = _OPERATORS[number % len(_OPERATORS)] if parents else "seed"
    if parents:
        writer.asked(number, Selection(Program(parent, "", "")))
        if number % 5 == 2:
            parents = (*parents, Parent(max(1, number // 2), "crossover"))
    draft = Draft(source, "embedded" if parents else "seed", operator, parents, f"tuned FACTOR {parent} -> {number}")
    writer.proposed(number, number, number % 4, f"{number:064x}", draft)
    writer.evaluated(number, number, evaluation)
    writer.told(number)


def cost(arguments: list[str], runs: Path, times: int) -> tuple[float, float]:
    """The least wall time and the least CPU time of a verb, in seconds."""
    found = []
    for _ in range(times):
        began, spent = time.perf_counter(), _cpu()
        subprocess.run([sys.executable, "-m", "adrs", *arguments], cwd=runs, check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "COLUMNS": "160"})  # fmt: skip
        found.append((time.perf_counter() - began, _cpu() - spent))
    return min(wall for wall, _ in found), min(cpu for _, cpu in found)


def _cpu() -> float:
    """CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where to make the run, and keep it")
    parser.add_argument("--times", type=int, default=5, help="how often each verb is run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        if not (folder / "runs" / "big").is_dir():
            began = time.perf_counter()
            log = make(folder, given.programs) / "run.db"
            seconds, size = time.perf_counter() - began, log.stat().st_size / given.programs
            print(f"{given.programs} programs written in {seconds:.1f} s, {size:.0f} bytes on disk each")
        _, least = cost(["--version"], folder, given.times)
        for verb in (["--version"], ["lineage", "big"], ["best", "big"], ["runs"], ["lineage", "big", "1"]):
            wall, cpu = cost(verb, folder, given.times)
            print(
                f"{'adrs ' + ' '.join(verb):24} {wall:.3f} s, CPU {cpu:.3f} s, {cpu / least:.1f} times that of nothing"
            )


if __name__ == "__main__":
    main()
