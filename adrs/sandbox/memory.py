"""Watches what a policy process and all that it starts use together; each alone has a limit of its own."""

import time
from collections.abc import Iterator
from pathlib import Path

CHECK_SECONDS = 0.05
_MB = 1 << 20
_PAGE = 4096


class OutOfMemory(Exception):  # noqa: N818 - what the processes are
    """Together they use more than they may."""


class Memory:
    """A process and its descendants. Shared pages count once (proportional set size, proc(5))."""

    def __init__(self, pid: int, limit_mb: int) -> None:
        """Take a process as seen from here, not above 0 if that is hidden, and a limit on top of what it uses now."""
        self.peak_mb = 0.0
        """The most that was seen."""
        self._pid = pid
        self._limit = limit_mb * _MB
        self._checked = 0.0
        self._limit += self._used()

    def check(self) -> None:
        """Look, unless that was done a moment ago. Raises OutOfMemory."""
        now = time.monotonic()
        if now - self._checked < CHECK_SECONDS:
            return
        self._checked = now
        used = self._used()
        self.peak_mb = max(self.peak_mb, used / _MB)
        if used > self._limit:
            raise OutOfMemory(f"its processes used {used / _MB:.0f} MB together")

    def _used(self) -> int:
        return sum(_size(pid) for pid in _family(self._pid)) if self._pid > 0 else 0


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    waiting = [pid]
    while waiting:
        found = waiting.pop()
        yield found
        try:
            for task in Path(f"/proc/{found}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it has ended


def _size(pid: int) -> int:
    """Bytes of one process; where its maps may not be read, its resident pages but those of files."""
    process = Path(f"/proc/{pid}")
    try:
        for line in (process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    try:
        _, resident, shared, *_ = map(int, (process / "statm").read_text().split())
    except (OSError, ValueError):
        return 0
    return (resident - shared) * _PAGE
