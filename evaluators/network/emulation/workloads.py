"""Workloads of the emulation: a condition in simulation, and the same in real time."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from adrs.errors import UserError, did_you_mean
from adrs.evaluation import WorkloadSpec
from evaluators.network.emulation import gate, path, tun
from evaluators.network.emulation.conditions import BY_NAME
from evaluators.network.emulation.decider import Decide
from evaluators.network.emulation.path import Ran
from evaluators.network.scenario import Scenario
from evaluators.network.simulation import Simulation

SIMULATED, EMULATED = "simulated", "emulated"
FAMILIES = (SIMULATED, EMULATED)
BACKENDS = ("udp", "tun")
KERNEL = "kernel-"
"""Before the name of an algorithm: the kernel's own."""
Asking = Callable[[], Decide]
"""Makes whoever decides in one attempt."""
_MILLI, _MICRO = 1e6, 1e3


def spec(condition: str, family: str, seconds: float, backend: str) -> WorkloadSpec:
    """The workload of a condition, to be carried to wherever it is evaluated."""
    parameters = {"condition": condition, "seconds": seconds, "backend": backend}
    return WorkloadSpec("congestion-control", f"{condition}-{family}", family, "fresh", 1, parameters)


def load(spec: WorkloadSpec) -> tuple[Scenario, str]:
    """Its link, and the backend that emulates it: empty for one that is simulated. Raises UserError."""
    wanted = dict(spec.parameters)
    name, seconds, backend = wanted.pop("condition", ""), wanted.pop("seconds", 0.0), wanted.pop("backend", "")
    if wanted:
        raise UserError(f'workload {spec.name}: unknown key "{next(iter(wanted))}"')
    if name not in BY_NAME:
        raise UserError(f'workload {spec.name}: unknown condition "{name}"{did_you_mean(str(name), BY_NAME)}')
    if backend not in BACKENDS:
        raise UserError(f'workload {spec.name}: unknown backend "{backend}"{did_you_mean(str(backend), BACKENDS)}')
    if not isinstance(seconds, int | float) or not 0 < seconds <= 600:
        raise UserError(f"workload {spec.name}: seconds must be a number up to 600, not {seconds!r}")
    scenario = BY_NAME[name].scenario(float(seconds), seed=spec.seed or 1)
    return scenario, backend if spec.family == EMULATED else ""


def emulate(
    scenario: Scenario, backend: str, asking: Asking | None, kernel: str = ""
) -> tuple[Simulation, Mapping[str, float]]:
    """Run a link in real time, at most three times until one run counts.

    asking: makes the decisions of a policy; None where the scenario's flow, or the kernel, runs an algorithm.
    Returns the engine's records as they would be of a simulation, and metrics of the emulation itself.
    Raises MachineTooBusy, and whatever deciding raises.
    """
    ran, void = gate.repeated(lambda: _once(scenario, backend, asking, kernel))
    return ran.simulation, details(ran, len(void))


def _once(scenario: Scenario, backend: str, asking: Asking | None, kernel: str) -> Ran:
    if kernel:
        if backend != "tun":
            raise UserError("the kernel's own algorithms need --backend tun")
        return tun.run_kernel(scenario, kernel)
    run = tun.run_tun if backend == "tun" else path.run_udp
    return run(scenario, _nobody if asking is None else asking())


def _nobody(flow: int, observation: Any) -> float:
    raise AssertionError("an algorithm decides for itself")


def details(ran: Ran, void: int) -> dict[str, float]:
    """What shows how much a run is worth; `rtt_max_ms` is exact to a bin of the engine's histogram."""
    arrays = ran.simulation.arrays
    base, link = ran.simulation.scenarios[0].flows[0].base, arrays.links[0]
    filled = np.flatnonzero(arrays.delays.sum(axis=0))
    worst = base + ((int(filled[-1]) + 1) << int(link["delay_shift"])) if len(filled) else base
    return {
        "rtt_max_ms": worst / _MILLI,
        "lateness_mean_us": ran.lateness.mean / _MICRO,
        "lateness_99_us": ran.lateness.percentile_99 / _MICRO,
        "lateness_max_us": ran.lateness.worst / _MICRO,
        "sender_behind_ms": ran.behind / _MILLI,
        "decision_max_ms": ran.waited / _MILLI,
        "void_runs": float(void),
        "real_time": float(ran.real_time),
        "receive_buffer_kb": ran.receive_buffer / 1024,
    }
