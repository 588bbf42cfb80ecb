"""What a problem's policy processes may use and must not see."""

import math
from collections.abc import Iterable
from pathlib import Path

from adrs import resources, sandbox
from adrs.problem import Problem
from adrs.sandbox import SandboxSpec


def sandbox_spec(problem: Problem, readable: tuple[Path, ...], hidden: Iterable[Path]) -> SandboxSpec:
    """The limits of a problem; the hidden, its folder and published data stay out of sight wherever they lie."""
    limits = problem.limits
    calls = (len(problem.stages) + 1) * limits.decision_seconds + limits.start_seconds
    return SandboxSpec(
        imports=limits.imports, memory_mb=limits.memory_mb, scratch_mb=limits.scratch_mb,
        output_kb=limits.output_kb, answer_mb=limits.answer_mb, processes=limits.processes,
        cpu_seconds=math.ceil(max(SandboxSpec.cpu_seconds, calls)) if limits.processes else SandboxSpec.cpu_seconds,
        readable=readable, hidden=(problem.folder, resources.data_folder(), *hidden),
        numba_cache=numba_cache(limits.imports),
    )  # fmt: skip


def numba_cache(imports: tuple[str, ...]) -> Path | None:
    """The folder of compiled helpers, made if need be; None where none is used or it cannot be written."""
    if not sandbox.uses_numba(imports):
        return None
    folder = resources.cache_folder() / "numba"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder
