"""When a session asks for nothing more, and until when it may choose and measure: so that a time budget is kept."""

import asyncio
import time

from adrs.forecast import Forecast
from adrs.observer import Observer
from adrs.program import Program

_GRACE_SECONDS = 8.0
"""After a time budget, how long choosing the winner may go on."""
_GRACE_FOR_CHECKS = 4.0
"""The same for what is measured of it beyond that: fresh workloads, heuristic baselines."""
_RECHECK_SHARE = 0.1
"""The most of a time budget that is kept for measuring the winner on fresh workloads."""
_REHEARSAL = 0.4
"""The share of a time budget after which the duration of the last step is found out."""


class Timetable:
    """An observer that passes on what it hears, and keeps the best program, by which it reckons."""

    def __init__(self, observer: Observer, forecast: Forecast, began: float, budget: float | None) -> None:
        """began: of `time.monotonic`; budget: seconds from there, None = no end."""
        self._observer = observer
        self._forecast = forecast
        self._began = began
        self._budget = budget
        self._best: Program | None = None
        self.note, self.calibrated = observer.note, observer.calibrated

    def told(self, program: Program, evaluations: int) -> None:
        """A program has ended."""
        if program.fitness is not None and (self._best is None or program.fitness > (self._best.fitness or 0.0)):
            self._best = program
        self._observer.told(program, evaluations)

    def asking_ends(self) -> float | None:
        """Time (of `time.monotonic`) after which nothing new is asked; None = never."""
        if self._budget is None:
            return None
        choosing = self._forecast.seconds_needed(self._best)
        rechecking = min(self._forecast.seconds_to_recheck(self._best), _RECHECK_SHARE * self._budget)
        needed = max(0.0, choosing - _GRACE_SECONDS, choosing + rechecking - _GRACE_FOR_CHECKS)
        return self._began + self._budget - min(needed, 0.5 * self._budget)

    def choosing_ends(self, hung: bool) -> float | None:
        """Time until which choosing may go on that begins now; hung: whether the evaluator seemed to, and may again."""
        if self._budget is None:
            return time.monotonic() + _GRACE_SECONDS if hung else None
        return max(self._began + self._budget, time.monotonic()) + _GRACE_SECONDS

    def measuring_ends(self, choosing: float | None) -> float | None:
        """Time until which the rest may be measured; choosing: what `choosing_ends` gave."""
        return None if choosing is None else choosing + _GRACE_FOR_CHECKS - _GRACE_SECONDS

    async def rehearse(self) -> None:
        """Wait for the time, then find out how long the last step takes."""
        if self._budget is not None:
            await asyncio.sleep(max(0.0, self._began + _REHEARSAL * self._budget - time.monotonic()))
            if self._best is not None:
                await self._forecast.rehearse(self._best)
