"""How exact the emulated link is: known rates and delays, and the kernel's own TCP where it can be run.

    python benchmarks/emulation.py            # UDP on the loopback interface; as root also through TUN devices

About five minutes. A machine that is too busy gives a row that says so, and no figure.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from evaluators.network import measures
from evaluators.network.emulation import gate, path, probes, tun, workloads
from evaluators.network.emulation.conditions import BY_NAME, MEGA, MILLI, Condition
from evaluators.network.layout import MONITOR, SECOND
from evaluators.network.scenario import Scenario

_SECONDS = 10.0
_PAYLOAD = 1448 / 1500


def paced(condition: Condition, rate: int) -> Scenario:
    """A constant rate on a link."""
    scenario = condition.scenario(_SECONDS)
    return replace(scenario, flows=(replace(scenario.flows[0], kind=MONITOR, rate=rate),))


def delay(base: int) -> str:
    """Round-trip times at half of the capacity, where nothing waits in the queue."""
    condition = replace(BY_NAME["steady"], base=base)
    ran, void = gate.repeated(lambda: path.run_udp(paced(condition, 15 * MEGA), lambda flow, observation: 0.0))
    exact = (base + 1500 * 8 * SECOND // (30 * MEGA)) / MILLI
    measured, found = measures.measure(ran.simulation, 0), workloads.details(ran, len(void))
    return (
        f"exact {exact:.2f} ms: mean {measured.mean_rtt / MILLI:.2f}, 95th percentile {measured.rtt_95 / MILLI:.2f}, "
        f"max {found['rtt_max_ms']:.2f}; lateness mean {found['lateness_mean_us']:.0f} us, 99th percentile "
        f"{found['lateness_99_us']:.0f}, max {found['lateness_max_us']:.0f}; "
        f"{'with' if ran.real_time else 'without'} priority, {len(void)} void runs"
    )


def overdriven() -> str:
    """Half as much again as the link carries."""
    ran, _ = gate.repeated(lambda: path.run_udp(paced(BY_NAME["deep"], 45 * MEGA), lambda flow, observation: 0.0))
    link = ran.simulation.arrays.links[0]
    waiting = measures.measure(ran.simulation, 0).mean_queue * 8e3 / (30 * MEGA)
    return (f"{int(link['bytes_out']) * 8 / _SECONDS / MEGA:.2f} of 30 Mbit/s left the link in all "
            f"{_SECONDS:g} s, the queue added {waiting:.1f} ms on average (full: 60.0)")  # fmt: skip


def fast(capacity: int) -> str:
    """Nearly all that a link of 20 ms carries, and what it costs."""
    condition = Condition("fast", (capacity,), 20 * MILLI, 250_000, _SECONDS)
    before = sum(os.times()[:4])
    ran, void = gate.repeated(lambda: path.run_udp(paced(condition, 95 * capacity // 100), lambda flow, row: 0.0))
    cores = (sum(os.times()[:4]) - before) / (_SECONDS * (1 + len(void)))
    found = workloads.details(ran, len(void))
    return (
        f"{measures.measure(ran.simulation, 0).goodput / MEGA:.2f} Mbit/s; lateness mean "
        f"{found['lateness_mean_us']:.0f} us, 99th percentile {found['lateness_99_us']:.0f}, max "
        f"{found['lateness_max_us']:.0f}; {cores:.2f} cores, {len(void)} void runs"
    )


def kernel(name: str, *algorithms: str) -> str:
    """Payload of the kernel's TCP, alone or side by side."""
    condition = BY_NAME[name]
    (_, received), _ = gate.repeated(lambda: tun.kernel_flows(condition.scenario(condition.seconds), algorithms))
    ceiling = condition.rates[0] * _PAYLOAD / MEGA
    of = "" if condition.dynamic else f" of {ceiling:.2f}"
    return f"{' and '.join(f'{rate / MEGA:.2f}' for rate in received)}{of} Mbit/s of payload"


def main() -> None:
    """Print a row each."""
    rows: dict[str, Callable[[], str]] = {
        "60 ms at 15 of 30 Mbit/s": lambda: delay(60 * MILLI),
        "40 ms at 15 of 30 Mbit/s": lambda: delay(40 * MILLI),
        "45 Mbit/s into 30, 225 kB": overdriven,
        "95 % of 40 Mbit/s": lambda: fast(40 * MEGA),
        "95 % of 100 Mbit/s": lambda: fast(100 * MEGA),
        "95 % of 200 Mbit/s": lambda: fast(200 * MEGA),
    }
    if not probes.missing("tun"):
        for name in ("steady", "lossy", "wave"):
            for algorithm in ("cubic", "bbr"):
                rows[f"kernel {algorithm}, {BY_NAME[name].description}"] = partial(kernel, name, algorithm)
        rows["kernel cubic against bbr, 30 Mbit/s, 60 ms, 225 kB"] = lambda: kernel("deep", "cubic", "bbr")
    for name, row in rows.items():
        try:
            print(f"{name}: {row()} (load {os.getloadavg()[0]:.1f})", flush=True)
        except gate.MachineTooBusy as busy:
            print(f"{name}: {busy}", flush=True)


if __name__ == "__main__":
    main()
