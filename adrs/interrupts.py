"""How Ctrl-C ends work that is worth finishing."""

import asyncio
import contextlib
import itertools
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interrupts(stop: Callable[[], object]) -> Iterator[None]:
    """First Ctrl-C: `stop`, which finishes what is in flight. Second, a SIGTERM, or a terminal that is closed (unless
    that is ignored, as under nohup): the task is cancelled.

    Where the loop has not come to the earlier signal by then, as while a strategy hangs, the second is raised at once
    as a KeyboardInterrupt, and a third one kills. Outside of the main thread no signal is heard: whoever waits for that
    thread cancels the task.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    unanswered = 0
    seen = itertools.count()

    def heard(number: int, _: object) -> None:
        """Called between any two steps of the main thread, also while the loop is busy."""
        nonlocal unanswered
        unanswered += 1
        if unanswered > 1:
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt

    def answer(number: int) -> None:
        """Called by the loop."""
        nonlocal unanswered
        if unanswered > 1:
            return  # the end has come already, and what tidies up is not to be disturbed
        unanswered = 0
        if number == signal.SIGINT and next(seen) == 0:
            stop()
        else:
            task.cancel()

    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    heeded = _SIGNALS if ignored else (*_SIGNALS, signal.SIGHUP)
    for number in heeded:
        loop.add_signal_handler(number, answer, number)
        signal.signal(number, heard)  # in place of the loop's own, which does nothing: it reads from a descriptor
    try:
        yield
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)


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
