"""What emulation finds on this machine: tried, never assumed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from evaluators.network.emulation.namespace import TUN_PATH, Namespace

_ALGORITHMS = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
_TRIAL_SECONDS = 2.0
Row = tuple[str, bool, str]
"""Name, whether it works, detail."""


def probe(trial: bool) -> list[Row]:
    """Every probe; with `trial` also two seconds of packets."""
    rows = [(name, *_tried(attempt)) for name, attempt in _PROBES.items()]
    return [*rows, ("lateness", *_lateness())] if trial else rows


def missing(backend: str) -> str:
    """Why a backend does not work here; empty if it does."""
    if backend != "tun":
        return ""
    found = ((name, *_tried(_PROBES[name])) for name in ("tun", "namespaces", "ip"))
    return "; ".join(f"{name}: {detail}" for name, available, detail in found if not available)


def missing_for_kernel(algorithm: str) -> str:
    """Why the kernel's algorithm cannot be run here; empty if it can."""
    available, detail = _tried(_iperf3)
    if not available:
        return detail
    known = _ALGORITHMS.read_text().split()
    return "" if algorithm in known else f'this kernel has no congestion control "{algorithm}", only {", ".join(known)}'


def _tried(attempt: Callable[[], str]) -> tuple[bool, str]:
    try:
        return True, attempt()
    except OSError as error:
        return False, str(error.strerror or error)


def _tun() -> str:
    os.close(os.open(TUN_PATH, os.O_RDWR))
    return f"{TUN_PATH} opens"


def _namespaces() -> str:
    Namespace().close()
    return "network namespaces can be made"


def _command(name: str, use: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed, which is needed {use}")
    return path


def _ip() -> str:
    return _command("ip", "to set up networks (apt-get install iproute2)")


def _iperf3() -> str:
    return _command("iperf3", "to send with the kernel's TCP (apt-get install iperf3)")


def _algorithms() -> str:
    return f"the kernel has {', '.join(_ALGORITHMS.read_text().split())}"


def _priority() -> str:
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        raise PermissionError(
            "not granted: emulation runs without it, and is late more often on a busy machine"
        ) from None
    os.sched_setscheduler(0, *before)
    return "granted"


def _lateness() -> tuple[bool, str]:
    """Half of a 30 Mbit/s link for two seconds: how late a packet is forwarded here."""
    from evaluators.network.emulation import gate, path
    from evaluators.network.emulation.conditions import BY_NAME

    scenario = BY_NAME["steady"].scenario(_TRIAL_SECONDS)
    try:
        ran, void = gate.repeated(lambda: path.run_udp(scenario, lambda flow, observation: 0.0))
    except gate.MachineTooBusy as busy:
        return False, str(busy)
    late = ran.lateness
    repetitions = f", after {len(void)} void runs" if void else ""
    return True, (f"forwarded {late.mean / 1e3:.0f} us late on average, 99 % within {late.percentile_99 / 1e3:.0f} us, "
                  f"at most {late.worst / 1e3:.0f} us{repetitions}")  # fmt: skip


_PROBES: dict[str, Callable[[], str]] = {
    "tun": _tun, "namespaces": _namespaces, "ip": _ip, "iperf3": _iperf3, "congestion control": _algorithms,
    "real-time priority": _priority,
}  # fmt: skip
