"""Processes that fit and score: the same answers, in the same order, at any number of them."""

import asyncio
import itertools
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

from adrs.sandbox.inside import linux

T = TypeVar("T")


class Workers:
    """Calls pure functions of plain data; trusted code only. Close when done, or use as a context."""

    def __init__(self, count: int) -> None:
        """With a count of 0 all is done here."""
        self.count = count
        self.heard: Callable[[int, int], None] = lambda done, total: None
        """Told how many calls of how many are done."""
        self._pool = _pool(count)

    async def map(self, function: Callable[..., T], calls: Sequence[tuple[Any, ...]]) -> list[T]:
        """Results in the order of the calls. Cancelled, what waits is never begun."""
        if self._pool is None:
            results = []
            for call in calls:
                results.append(function(*call))
                self.heard(len(results), len(calls))
                await asyncio.sleep(0)  # a place to be cancelled at
            return results
        loop = asyncio.get_running_loop()
        futures = [loop.run_in_executor(self._pool, function, *call) for call in calls]
        done = itertools.count(1)
        for future in futures:
            future.add_done_callback(lambda _: self.heard(next(done), len(futures)))
        try:
            return list(await asyncio.gather(*futures))
        finally:
            for future in futures:
                future.cancel()

    def renew(self) -> None:
        """End what is under way, and be ready for other calls."""
        self.close()
        self._pool = _pool(self.count)

    def close(self) -> None:
        """End the processes, also in the middle of a call."""
        if self._pool is not None:
            processes = list((self._pool._processes or {}).values())  # terminate_workers from Python 3.14 on
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
                process.join()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _pool(count: int) -> ProcessPoolExecutor | None:
    if count == 0:
        return None
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """What a worker does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the caller's to answer
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)  # a caller that was killed cannot end it
