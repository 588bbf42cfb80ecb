"""What the engine costs: candidates a second and CPU milliseconds each, on a trivial problem with all isolation on.

Two proposers: one that answers within the engine, and the model proposer, which asks a scripted server, in a process of
its own, over HTTP. All else is as in a run: prompts, screening, isolation, the log. For each setting: up to 1,000
candidates around number 1,000, and the last 1,000; start and end are left out.

    python benchmarks/engine.py [--candidates 1000] [--workers 1,2] [--proposers instant,model] [--sandbox bubblewrap]
    python benchmarks/engine.py --serve 8000     only the server, for other frameworks: prints its URL
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import trivial
import usage

from adrs import plugins, session
from adrs.observer import Silent
from adrs.program import Brief, Draft, Parent, Program
from adrs.settings import Settings

_EVERY = 100
_WINDOW = 1000
_FIRST = 1500
"""Where the window around candidate 1,000 ends."""


class Instant:
    """Proposes a new program at once."""

    def __init__(self, context: object) -> None:
        pass

    async def propose(self, brief: Brief) -> Draft:
        """A program that no other ticket has."""
        return Draft(trivial.program(brief.ticket), "instant", "draw", (Parent(brief.parent.id, "parent"),))

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Nothing to remember."""

    def tell(self, program: Program) -> None:
        """Nothing to learn."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What had been used when so many candidates had been evaluated."""

    candidates: int
    seconds: float
    engine: float
    """CPU seconds, as the next two."""
    workers: float
    """Of workers and sandboxes."""
    server: float
    memory_mb: float
    load: float
    """Processes that wanted a core, in the last minute."""

    def since(self, start: "Mark") -> str:
        """Rate and costs between two marks."""
        count = self.candidates - start.candidates
        engine, workers, server = (
            1000 * (getattr(self, name) - getattr(start, name)) / count for name in ("engine", "workers", "server")
        )
        shown = f"{count / (self.seconds - start.seconds):6.1f}/s, {engine + workers:5.2f} ms CPU each"
        shown += f" (engine {engine:.2f}, workers and sandbox {workers:.2f}; server apart {server:.2f})"
        return f"{shown}, engine {self.memory_mb:.0f} MB, load {self.load:.1f}"


class Pace(Silent):
    """Notes what has been used at each hundredth candidate."""

    def __init__(self, server: int | None) -> None:
        self.marks: list[Mark] = []
        self._server = server
        self._workers = self._seen = 0.0

    def told(self, program: Program, evaluations: int) -> None:
        """Make a note."""
        if evaluations % _EVERY == 0 and (not self.marks or self.marks[-1].candidates < evaluations):
            mine = os.getpid()
            server = usage.own_seconds(self._server) if self._server else 0.0
            seen = usage.descendants_seconds(mine, self._server)
            self._workers += max(0.0, seen - self._seen)  # a sandbox that is replaced takes its past along
            self._seen = seen
            self.marks.append(
                Mark(evaluations, time.perf_counter(), usage.own_seconds(mine),
                     self._workers, server, usage.resident_mb(), os.getloadavg()[0])
            )  # fmt: skip

    def around_first(self) -> tuple[Mark, Mark]:
        """The window around candidate 1,000, or all there is of a short run."""
        end = max(mark.candidates for mark in self.marks if mark.candidates <= _FIRST)
        return self._window(end)

    def last(self) -> tuple[Mark, Mark]:
        """The last window."""
        return self._window(self.marks[-1].candidates)

    def _window(self, end: int) -> tuple[Mark, Mark]:
        by_candidates = {mark.candidates: mark for mark in self.marks}
        start = min(count for count in by_candidates if count >= end - _WINDOW)
        return by_candidates[start], by_candidates[end]


def measure(settings: Settings, server: int | None) -> None:
    """One run; prints its lines."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trivial.write_problem(folder)
        pace = Pace(server)
        outcome = session.start(replace(settings, problem=str(folder)), folder / "runs", "bench", pace)
        size = (outcome.path / "run.db").stat().st_size
        cores = len(os.sched_getaffinity(0))
        print(f"{settings.proposer}, {settings.workers} workers, {outcome.evaluations} candidates, {cores} cores")
        first, last = pace.around_first(), pace.last()
        for start, end in dict.fromkeys((first, last)):
            print(f"  {start.candidates:6} to {end.candidates:6}: {end.since(start)}")
        rates = [(end.candidates - start.candidates) / (end.seconds - start.seconds) for start, end in (first, last)]
        costs = [(end.engine - start.engine) / (end.candidates - start.candidates) for start, end in (first, last)]
        print(
            f"  last beside first: rate x {rates[1] / rates[0]:.2f}, CPU of the engine x {costs[1] / costs[0]:.2f}; "
            f"{size / outcome.evaluations:.0f} B on disk each",
            flush=True,
        )


def register_instant() -> None:
    """Add the proposer to the installed ones."""
    plain_load: Callable[[str, str], Any] = plugins.load
    plain_names: Callable[[str], list[str]] = plugins.names
    plugins.load = lambda seam, name: Instant if (seam, name) == ("proposer", "instant") else plain_load(seam, name)
    plugins.names = lambda seam: [*plain_names(seam), *(["instant"] if seam == "proposer" else [])]


@contextmanager
def served() -> Iterator[tuple[int, str]]:
    """A model server in a process of its own, as its process id and URL."""
    process = subprocess.Popen([sys.executable, __file__, "--serve", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.pid, process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Measure all settings, or serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--proposers", default="instant,model")
    parser.add_argument("--sandbox", default=None)
    parser.add_argument("--serve", type=int, metavar="PORT", help="only serve; 0: any free port")
    options = parser.parse_args()
    if options.serve is not None:
        trivial.serve_model(options.serve)
        return
    register_instant()
    for proposer in options.proposers.split(","):
        for workers in options.workers.split(","):
            settings = Settings(
                "", proposer=proposer, max_evaluations=options.candidates, workers=int(workers), sandbox=options.sandbox
            )
            if proposer == "instant":
                measure(settings, None)
                continue
            with served() as (process, url):
                measure(replace(settings, models=(f"stub@{url}",), order="arrival"), process)


if __name__ == "__main__":
    main()
