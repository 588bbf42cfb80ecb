"""The seam of a backend."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from adrs.sandbox.zygote import Zygote


class SandboxUnavailable(Exception):  # noqa: N818 - what it is
    """The backend cannot run here; the message says what was tried and what answered."""


@dataclass(frozen=True)
class SandboxSpec:
    """What a policy process may use, and what its zygote warms before it forks."""

    imports: tuple[str, ...] = ()
    """Modules to import; `warm()` is called on those that have it."""
    memory_mb: int = 512
    """Address space on top of the warmed interpreter's."""
    scratch_mb: int = 16
    """Size of the private working directory, and of any one file."""
    output_kb: int = 16
    """Captured stdout and stderr."""
    answer_mb: int = 64
    """Size of one answer."""
    cpu_seconds: int = 3600
    """CPU time of one policy process over its whole life."""
    processes: int = 0
    """How many processes the program may start; 0 = it can start none and run no other program. Where it can, it
    finds the machine's programs, may run those that it makes, and may talk to its own processes over local sockets."""
    readable: tuple[Path, ...] = ()
    """Further folders and files that it may read, where they lie."""
    hidden: tuple[Path, ...] = ()
    """Folders and files that must not be readable even where they lie among the installed packages."""
    numba_cache: Path | None = None
    """Folder of compiled helpers, read only inside."""


def uses_numba(imports: Iterable[str]) -> bool:
    """Whether a zygote that warms these loads compiled code from numba's cache."""
    return any(name.split(".")[0] in ("adrs_helpers", "numba") for name in imports)


class Sandbox(Protocol):
    """A backend. Registered by entry point in the group `adrs.sandbox`; every one passes `adrs.testing.sandbox`."""

    name: ClassVar[str]
    rank: ClassVar[int]
    """Backends are tried from the lowest rank up."""
    isolates: ClassVar[tuple[str, ...]]
    """What a program cannot reach, for people."""
    warning: ClassVar[str]
    """Shown when it is used; empty for a backend that is safe for code nobody has read."""

    def start(self, spec: SandboxSpec, watch: int | None = None) -> Zygote:
        """Start a zygote; `watch` becoming readable interrupts it. Raises SandboxUnavailable where it cannot work."""
