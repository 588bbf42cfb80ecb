"""Coroutines for callers that are none: from a script, a notebook or a thread."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")
_PATIENCE = 0.2
"""Seconds between two looks at whether the caller was interrupted."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`; where a loop runs in this thread already, as in a notebook, the same in another thread.

    An interrupt of the caller cancels `main`, waits for its end and is raised again.
    """
    if not _loop_is_running():
        return asyncio.run(main)
    background = Background()
    try:
        return background.run(main)
    finally:
        background.close()


class Background:
    """An event loop in a thread of its own, for things that live longer than one call."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="adrs", daemon=True)
        self._thread.start()

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for its result."""
        caller = _current_task()
        future = asyncio.run_coroutine_threadsafe(_ended(main), self._loop)
        try:
            while not _wait(future):
                if caller is not None and caller.cancelling():  # how `asyncio.run` passes an interrupt on
                    raise asyncio.CancelledError
            return future.result()
        except (KeyboardInterrupt, asyncio.CancelledError):
            self._loop.call_soon_threadsafe(self._cancel)
            raise

    def close(self) -> None:
        """End what still runs there, and the thread. May be called twice."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _cancel(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    async def _cancel_all(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _loop_is_running() -> bool:
    """Whether a loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _current_task() -> asyncio.Task[Any] | None:
    """The task that this thread is in, if a loop runs in it."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _wait(future: Future[Any]) -> bool:
    """Wait a while; returns whether the future is done."""
    return bool(wait([future], timeout=_PATIENCE).done)


async def _ended(main: Coroutine[Any, Any, T]) -> T:
    return await main
