"""An executor that says what is being waited for, where an evaluation takes long: it may never end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from adrs.evaluate.executor import Executor
from adrs.problem import Problem
from adrs.program import Evaluation, Job

FIRST_SECONDS = 10.0
"""After which an evaluation is spoken of; then each time that it has taken twice as long."""
_LOOKS = 20
"""In that time, at what goes on."""


class Watched:
    """Passes jobs on and knows which are out."""

    def __init__(self, problem: Problem, executor: Executor, note: Callable[[str], None]) -> None:
        """`note` hears what takes long, as `baseline first-fit on train has run for 20 s`."""
        self._executor = executor
        self._note = note
        self._baselines = {(each.native, each.read()): f"baseline {each.name}" for each in problem.baselines}
        self._out: dict[object, str] = {}
        """Jobs in the order in which they are done, with what to call them."""

    async def evaluate(self, job: Job, name: str = "") -> Evaluation:
        """Run one evaluation; without a name it is of a baseline."""
        key = object()
        called = name or self._baselines.get((job.native, job.source), "a program")
        self._out[key] = f"{called} on {', '.join(spec.name for spec in job.workloads) or job.split}"
        try:
            return await self._executor.evaluate(job)
        finally:
            del self._out[key]

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """While this is entered, what takes long is told."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        """Look at the oldest job now and then: younger ones may wait for a worker."""
        oldest: object = None
        since, due = 0.0, 0.0
        while True:
            await asyncio.sleep(FIRST_SECONDS / _LOOKS)
            now, first = time.monotonic(), next(iter(self._out), None)
            if first is not oldest:
                oldest, since, due = first, now, FIRST_SECONDS
            elif first is not None and now - since >= due:
                self._note(f"{self._out[first]} has run for {now - since:.0f} s")
                due *= 2
