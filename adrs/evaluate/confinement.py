"""What a problem's policy processes may use and must not see."""

import difflib
import importlib.metadata
import math
import re
from collections.abc import Iterable
from pathlib import Path

from adrs import resources, sandbox
from adrs.errors import did_you_mean
from adrs.problem import FILE, Problem
from adrs.sandbox import SandboxSpec

_MISSING = re.compile(r"No module named '([\w.]+)'")


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


def missing_import(problem: Problem, said: str) -> str:
    """What to say where a sandbox did not start for want of a module that the problem imports; else nothing."""
    found = _MISSING.search(said)
    module = found.group(1) if found else ""
    name = next((name for name in problem.limits.imports if module and f"{name}.".startswith(f"{module}.")), "")
    if not name:
        return ""
    installed = importlib.metadata.packages_distributions()
    hint = did_you_mean(name, difflib.get_close_matches(name, installed, n=1)) or ""
    return f'{problem.folder / FILE}: limits.imports names "{name}", but there is no module {module} here{hint}'


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
