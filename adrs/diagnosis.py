"""What works on this machine, and why not: the facts behind `adrs doctor`."""

import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adrs import __version__, plugins, resources, sandbox
from adrs.cores import cores
from adrs.errors import UserError


@dataclass(frozen=True)
class Finding:
    """One fact."""

    kind: str
    name: str
    available: bool
    detail: str

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def diagnose(emulation: bool = False) -> list[Finding]:
    """Probe everything; with `emulation` also let probes take their time, as for seeing whether the machine is on time.

    Other packages' probes are functions of that one argument, registered under `adrs.probe`. They return rows of name,
    whether it works, and detail.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    findings = [
        Finding("engine", "adrs", True, f"{__version__}, Python {platform.python_version()} at {sys.executable}"),
        Finding("machine", platform.machine(), True,
                f"{cores()} cores, {memory} MB, {platform.system()} {platform.release()}"),
    ]  # fmt: skip
    findings += _sandboxes()
    data = resources.data_folder()
    found = os.path.isdir(data)  # noqa: PTH112 - pathlib raises where it may not look
    findings.append(Finding("data", str(data), found, "published data sets" if found else
                            "not there: published workloads are left out, all else works; put the data sets there, or "
                            "set ADRS_DATA to their folder (`adrs problem NAME` says which files it lacks, and its "
                            "source)"))  # fmt: skip
    cache = resources.cache_folder()
    writable = os.access(_existing(cache), os.W_OK)
    findings.append(Finding("cache", str(cache), writable, "compiled helpers and measured baselines" if writable else
                            "not writable: every run compiles and measures again; set ADRS_CACHE"))  # fmt: skip
    for kind in plugins.names("probe"):
        findings += [Finding(kind, *row) for row in plugins.load("probe", kind)(emulation)]
    for seam in ("search", "proposer", "executor"):
        broken = [finding for name in plugins.names(seam) if (finding := _unloadable(seam, name)) is not None]
        working = sorted({*plugins.names(seam)} - {finding.name for finding in broken})
        findings += [Finding(seam, ", ".join(working), True, "registered"), *broken]
    return findings


def _unloadable(seam: str, name: str) -> Finding | None:
    """Why a plugin cannot be used; None if it can be imported."""
    try:
        plugins.load(seam, name)
    except UserError as error:
        return Finding(seam, name, False, str(error))
    return None


def _sandboxes() -> list[Finding]:
    """A row for each; a reason for which several do not work is told once."""
    findings: list[Finding] = []
    told: dict[str, str] = {}
    for probe in sandbox.probe():
        detail = probe.detail
        if not probe.available:
            first = told.setdefault(detail, probe.name)
            detail = detail if first == probe.name else f"as {first}"
        isolates = f"isolates {', '.join(probe.isolates)}" if probe.isolates else ""
        detail = "; ".join(text for text in (isolates, detail, probe.warning) if text)
        findings.append(Finding("sandbox", probe.name, probe.available, detail))
    return findings


def _existing(path: Path) -> Path:
    while not os.path.exists(path):  # noqa: PTH110
        path = path.parent
    return path
