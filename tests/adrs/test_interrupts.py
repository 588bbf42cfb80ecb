"""Ctrl-C and SIGTERM, while the event loop answers and while it is busy."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from adrs.interrupts import interrupts


def send(number: signal.Signals = signal.SIGINT) -> None:
    """To this process; Python's handlers have run when this returns."""
    os.kill(os.getpid(), number)


def test_a_loop_that_answers_stops_first_and_is_cancelled_then() -> None:
    done: list[str] = []

    async def work() -> None:
        with interrupts(lambda: done.append("stop")):
            send()
            await asyncio.sleep(0.01)
            done.append("went on")
            send()
            await asyncio.sleep(60)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())
    assert done == ["stop", "went on"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_and_a_closed_terminal_cancel_at_once_what_answers(number: signal.Signals) -> None:
    async def work() -> None:
        with interrupts(lambda: pytest.fail("this is no wish to finish")):
            send(number)
            await asyncio.sleep(60)

    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(work())
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_closed_terminal_is_nothing_under_nohup() -> None:
    async def work() -> str:
        with interrupts(lambda: pytest.fail("nobody asked for a stop")):
            send(signal.SIGHUP)
            await asyncio.sleep(0.01)
            return "went on"

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert asyncio.run(work()) == "went on"
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_the_second_ends_a_loop_that_is_busy(first: signal.Signals) -> None:
    done: list[str] = []

    async def work() -> None:
        try:
            with interrupts(lambda: done.append("stop")):
                send(first)
                done.append("went on")
                send()
                done.append("unreachable")
        finally:
            await asyncio.sleep(0)  # what tidies up may take its time
            done.append("tidied up")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(work())
    assert done == ["went on", "tidied up"]
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_third_kills_what_swallows_the_second() -> None:
    script = (
        "import asyncio, contextlib, os, signal\n"
        "from adrs.interrupts import interrupts\n"
        "async def work():\n"
        "    with interrupts(lambda: None):\n"
        "        while True:\n"
        "            with contextlib.suppress(BaseException):\n"
        "                os.kill(os.getpid(), signal.SIGINT)\n"
        "asyncio.run(work())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], timeout=60, check=False)
    assert done.returncode == -signal.SIGINT
