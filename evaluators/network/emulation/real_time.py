"""Processes that must be on time: forked, of real-time priority where the machine grants it, gone with their parent."""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from adrs.sandbox.inside import linux

PRIORITY = 10
"""Of SCHED_FIFO, of 1 to 99."""
_PR_SET_TIMERSLACK = 29
_USUAL_SLACK = 50_000
_START = struct.Struct("!q")
_START_SECONDS = 30.0
_STOP = b"stop"
clock = time.monotonic_ns
"""ns, the same in all processes of a machine."""


class ProcessLost(Exception):  # noqa: N818 - what happened
    """A process of the emulation ended without its report."""


@contextlib.contextmanager
def on_time() -> Iterator[bool]:
    """Wake up on time and collect no garbage; whether real-time priority was granted, which no child inherits."""
    granted = ask_for_priority()
    linux.prctl(_PR_SET_TIMERSLACK, 1)
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield granted
    finally:
        if collecting:
            gc.enable()
        linux.prctl(_PR_SET_TIMERSLACK, _USUAL_SLACK)
        if granted:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def ask_for_priority() -> bool:
    """Real-time priority for this thread, which what it starts does not get; whether it was granted."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    except OSError:
        return False
    return True


class Process:
    """A forked process: is told when time begins, works until it is told to stop, and reports plain data."""

    def __init__(self, main: Callable[["Control"], dict[str, Any]], keep: tuple[int, ...]) -> None:
        """keep: descriptors that it needs; all others are closed in it, `keep` stays open here. Raises ProcessLost."""
        self._socket, theirs = socket.socketpair()
        self._parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            self._child(main, theirs, keep)
        theirs.close()
        try:
            if self._receive(_START_SECONDS) != b"ready\n":
                raise ProcessLost("a process of the emulation did not start")
        except BaseException:
            self.kill()
            raise

    def begin(self, start: int) -> None:
        """Tell when time begins, on `clock`."""
        self._socket.sendall(_START.pack(start))

    def stop(self) -> None:
        """Ask it to come to an end."""
        with contextlib.suppress(OSError):
            self._socket.sendall(_STOP)

    def fileno(self) -> int:
        """Readable once it has reported, or is gone."""
        return self._socket.fileno()

    def report(self, seconds: float) -> dict[str, Any]:
        """What it reports; then it has ended. Raises ProcessLost."""
        found: dict[str, Any] = json.loads(self._receive(seconds) or b"{}")
        if not found:
            raise ProcessLost("a process of the emulation ended without its report")
        self.kill()
        return found

    def kill(self) -> None:
        """End it now; may be called again."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._pid = 0
            self._socket.close()

    def _receive(self, seconds: float) -> bytes:
        """A line, empty if the other side has gone. Raises ProcessLost when none comes in time."""
        line = bytearray()
        deadline = time.monotonic() + seconds
        while not line.endswith(b"\n"):
            if not select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise ProcessLost(f"a process of the emulation said nothing for {seconds:g} s")
            chunk = self._socket.recv(1 << 16)
            if not chunk:
                return b""
            line += chunk
        return bytes(line)

    def _child(self, main: Callable[["Control"], dict[str, Any]], control: socket.socket, keep: tuple[int, ...]) -> Any:
        """Runs in the forked process, and never returns."""
        code = 1
        try:
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != self._parent:
                os._exit(1)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal interrupts all; the parent ends this one
            _close_others({control.fileno(), *keep})
            gc.freeze()
            with on_time() as granted:
                found = main(Control(control))
            control.sendall(json.dumps({**found, "real_time": granted}).encode() + b"\n")
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)


class Control:
    """A forked process's line to its parent."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def ready(self) -> int:
        """Say that all is in place, and wait for the time at which time begins; leaves where the parent has gone."""
        self._line.sendall(b"ready\n")
        start = self._line.recv(_START.size, socket.MSG_WAITALL)
        if len(start) < _START.size:
            os._exit(1)
        return int(_START.unpack(start)[0])

    def fileno(self) -> int:
        """Readable once it is asked to stop."""
        return self._line.fileno()


def _close_others(kept: set[int]) -> None:
    last = 2
    for descriptor in sorted(kept - {0, 1, 2}):
        os.closerange(last + 1, descriptor)
        last = descriptor
    os.closerange(last + 1, os.sysconf("SC_OPEN_MAX"))


def wait(descriptors: list[Any], nanoseconds: int) -> list[Any]:
    """Sleep until one is readable or time is up; which ones are. `select` because it counts in microseconds."""
    return select.select(descriptors, [], [], max(0, nanoseconds) / 1e9)[0]
