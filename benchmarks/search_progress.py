"""What `search.py run` says while a trial goes on: a line when it begins, and one a minute."""

import threading
import time
from types import TracebackType

from adrs.observer import Silent
from adrs.program import Program

_PACE = 60.0
"""Seconds between two lines."""


class Progress(Silent):
    """An observer of one trial that tells on stdout how far it is, whether or not anything has happened."""

    def __init__(self, trial: str, evaluations: int) -> None:
        self._trial = trial
        self._wanted = evaluations
        self._done = 0
        self._best: Program | None = None
        self._phase = "starting"
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="progress", daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def note(self, text: str) -> None:
        """What the run is doing now."""
        self._phase = text

    def told(self, program: Program, evaluations: int) -> None:
        """A program has ended."""
        self._done = evaluations
        fitness = program.fitness
        if fitness is not None and (self._best is None or fitness > (self._best.fitness or 0.0)):
            self._best = program

    def line(self) -> str:
        """How far it is."""
        best = "no score yet" if self._best is None or self._best.score is None else f"best {self._best.score:.2f}"
        minutes = (time.monotonic() - self._began) / 60
        return f"  {self._trial}, {minutes:.0f} min: {self._done} of {self._wanted} evaluations, {best}, {self._phase}"

    def _tell(self) -> None:
        while not self._ended.wait(_PACE):
            print(self.line(), flush=True)
