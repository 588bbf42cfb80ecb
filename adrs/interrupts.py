"""How Ctrl-C ends work that is worth finishing."""

import asyncio
import contextlib
import itertools
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any


@contextlib.contextmanager
def interrupts(stop: Callable[[], object]) -> Iterator[None]:
    """First Ctrl-C: `stop`, which finishes what is in flight. Second, or a SIGTERM: the task is cancelled.

    Outside of the main thread no signal is heard: whoever waits for that thread cancels the task.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    seen = itertools.count()

    def interrupted() -> None:
        if next(seen) == 0:
            stop()
        else:
            task.cancel()

    loop.add_signal_handler(signal.SIGINT, interrupted)
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)


async def unless_interrupted(work: Coroutine[Any, Any, None]) -> bool:
    """Do what can be left out; returns whether it was done. Ctrl-C leaves out the rest, a SIGTERM ends all."""
    task = asyncio.create_task(work)
    try:
        with interrupts(task.cancel):
            await asyncio.wait({task})
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if task.cancelled():
        return False
    task.result()
    return True
