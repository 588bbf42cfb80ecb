"""What a zygote is told, as plain data."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from adrs.sandbox.base import SandboxSpec, uses_numba
from adrs.sandbox.layout import Layout, package_folder

_MB = 1 << 20
_BYTES_PER_INODE = 16 << 10
_STACK_BYTES = 16 * _MB
_TASKS = 32
"""Threads of a policy process and of what holds it, counted by user namespace. Where there is none, or where root is
root in it, the kernel does not hold to it, and threads are refused altogether."""


def settings(
    spec: SandboxSpec,
    seen: Layout,
    *,
    namespaces: bool,
    restrict: bool,
    package_root: Path | None,
    readable: Iterable[Path] | None = None,
) -> dict[str, Any]:
    """The first message to a zygote; `isolate` and `become_nobody` are left to backends.

    namespaces: it may make namespaces and mounts. restrict: Landlock and seccomp are applied.
    package_root: where the package `inside` is seen from inside; None = where it lies.
    readable: what Landlock leaves readable, if that is not all that the layout shows.
    """
    allowed = [str(path) for path in (seen.readable if readable is None else readable)]
    allowed.append(str(package_folder() if package_root is None else package_root / "inside"))
    return {
        "imports": list(spec.imports),
        "numba": uses_numba(spec.imports),
        "isolate": None,
        "become_nobody": False,
        "package_root": None if package_root is None else str(package_root),
        "namespaces": namespaces,
        "restrict": restrict,
        "landlock": allowed if restrict else None,
        "processes": spec.processes,
        "over": [str(path) for path in seen.over],
        "threads": namespaces,
        "tasks": _TASKS + spec.processes if namespaces else 0,
        "memory_bytes": spec.memory_mb * _MB,
        "scratch_bytes": spec.scratch_mb * _MB,
        "scratch_inodes": max(64, spec.scratch_mb * _MB // _BYTES_PER_INODE),
        "cpu_seconds": math.ceil(spec.cpu_seconds),
        "stack_bytes": _STACK_BYTES,
        "output_bytes": spec.output_kb << 10,
        "answer_bytes": spec.answer_mb * _MB,
    }
