"""What the system's scheduler says of a process; see Documentation/scheduler/sched-stats.rst of Linux."""

from pathlib import Path


def pid_behind(descriptor: int) -> int:
    """The pid behind a pidfd as seen from here, not above 0 if it cannot be seen."""
    for line in Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    return 0


def queued_seconds(pid: int) -> float:
    """How long the main thread of a process has waited for a core so far; 0 where the system does not say."""
    return _nanoseconds(Path(f"/proc/{pid}"))[1] * 1e-9


def wanted_seconds(pid: int) -> float:
    """How long the threads that a process has now ran or waited for a core so far; 0 where the system does not say."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return 0.0
    return sum(sum(_nanoseconds(thread)) for thread in threads) * 1e-9


def _nanoseconds(task: Path) -> tuple[int, int]:
    """How long a thread ran, and how long it waited for a core."""
    try:
        ran, waited = (task / "schedstat").read_text().split()[:2]
        return int(ran), int(waited)
    except (OSError, ValueError):
        return 0, 0
