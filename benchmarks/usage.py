"""What a tree of processes has used, read from /proc while it runs."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = 1.0 / os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one moment."""

    parent: int
    own: float
    """CPU seconds of the process itself."""
    ended: float
    """CPU seconds of children that it has waited for, and of theirs."""


def read(process: int) -> Process | None:
    """One process; None if it has gone."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    user, system, ended_user, ended_system = (int(field) for field in fields[11:15])
    return Process(int(fields[1]), (user + system) * _TICK, (ended_user + ended_system) * _TICK)


def own_seconds(process: int) -> float:
    """CPU of one process alone."""
    found = read(process)
    return found.own if found else 0.0


def descendants_seconds(process: int, but: int | None) -> float:
    """CPU of all that a process has started, itself and the child `but` left out."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    found = {number: entry for number in numbers if (entry := read(number)) is not None}
    total, todo = 0.0, [process]
    while todo:
        parent = todo.pop()
        total += found[parent].ended if parent in found else 0.0
        children = [number for number, entry in found.items() if entry.parent == parent and number != but]
        total += sum(found[number].own for number in children)
        todo += children
    return total


def resident_mb() -> float:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_MB
