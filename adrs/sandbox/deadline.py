"""When a policy process must have answered. Time in which it wanted to run and got no core does not count."""

import time
from collections.abc import Callable

from adrs.sandbox.scheduler import queued_seconds

_FIRST_LOOK = 0.25
"""Of the limit: what it waited for a core before that is not asked for, so that quick answers cost nothing."""
MOST = 4.0
"""Times the limit that are added at most: a process that starts many others makes itself wait."""


class Deadline:
    """Of one round trip."""

    __slots__ = ("_before", "_end", "_pid", "_queued", "_seconds", "started")

    def __init__(self, seconds: float, pid: int = 0, queued: Callable[[int], float] = queued_seconds) -> None:
        """Begin now. pid: of the process as seen from here; not above 0 where it cannot be seen."""
        self.started = time.perf_counter()
        self._seconds = seconds
        self._end = self.started + seconds
        self._pid = pid
        self._queued = queued
        self._before: float | None = None

    def wait(self) -> float:
        """Seconds to wait for an answer before asking whether it is over."""
        now = time.perf_counter()
        first = self.started + _FIRST_LOOK * self._seconds
        return max(0.0, (first if self._before is None and now < first else self._end) - now)

    def is_over(self) -> bool:
        """Whether the process has had its time."""
        now = time.perf_counter()
        if now - self.started < _FIRST_LOOK * self._seconds:
            return False
        if self._before is None:
            self._before = self._queued(self._pid) if self._pid > 0 else 0.0
        if now < self._end:
            return False
        waited = self._queued(self._pid) - self._before if self._pid > 0 else 0.0
        self._end = self.started + self._seconds + min(waited, MOST * self._seconds)
        return now >= self._end
