"""Two networks with nothing between them but the link: packets of the kernel's own TCP, or of the emulated sender."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adrs.errors import UserError
from evaluators.network import layout
from evaluators.network.emulation import datagrams, gate, path, probes
from evaluators.network.emulation.datagrams import HEADERS
from evaluators.network.emulation.decider import Decide
from evaluators.network.emulation.flow import flows_of
from evaluators.network.emulation.gate import Void
from evaluators.network.emulation.namespace import Namespace, configure, open_tun
from evaluators.network.emulation.path import Ends, Ran
from evaluators.network.emulation.real_time import clock
from evaluators.network.emulation.rules import write_totals
from evaluators.network.emulation.shuttle import Opaque, Shuttle, Stamped
from evaluators.network.scenario import Scenario
from evaluators.network.simulation import Simulation

_NEAR, _FAR = "10.77.0.1", "10.77.0.2"
_WIRE = 1500 / 1448
"""Bytes of a packet over those of its payload, with TCP's time stamps."""
_OPENING_SECONDS = 20.0
_LISTENING_SECONDS = 0.3
_PORT = 5201
_NAMES = {layout.RENO: "reno", layout.CUBIC: "cubic", layout.BBR: "bbr"}


@dataclass(frozen=True)
class Network:
    """Two namespaces, and the descriptors of the device in each."""

    near: Namespace
    far: Namespace
    devices: tuple[str, str]
    descriptors: tuple[int, int]

    def check(self) -> None:
        """Raise Void if the kernel lost packets at a device."""
        lost = self.near.dropped(self.devices[0]) + self.far.dropped(self.devices[1])
        if lost:
            raise Void(f"the kernel lost {lost} packets at its TUN devices")


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Both networks, for as long as the context lasts. Raises UserError and OSError."""
    with contextlib.ExitStack() as stack:
        namespaces, descriptors = [], []
        devices = tuple(f"adrs{os.getpid()}{end}" for end in "ab")
        for device, address in zip(devices, (_NEAR, _FAR), strict=True):
            namespace = Namespace()
            stack.callback(namespace.close)
            with namespace.inside():
                descriptors.append(open_tun(device))
            stack.callback(os.close, descriptors[-1])
            configure(namespace, device, address)
            namespaces.append(namespace)
        yield Network(namespaces[0], namespaces[1], (devices[0], devices[1]), (descriptors[0], descriptors[1]))


def run_tun(scenario: Scenario, decide: Decide) -> Ran:
    """The emulated sender and its receiver, each in a network of its own. Raises Void, UserError and OSError."""
    with tun_ends() as (ends, made):
        ran = path.run(scenario, decide, ends)
        made.check()
        return ran


@contextlib.contextmanager
def tun_ends() -> Iterator[tuple[Ends, Network]]:
    """A path between two networks with a socket in each, for as long as the context lasts."""
    with network() as made, contextlib.ExitStack() as stack:
        with made.near.inside():
            sender = stack.enter_context(datagrams.udp_socket(_NEAR))
        with made.far.inside():
            other = stack.enter_context(datagrams.udp_socket(_FAR))
        datagrams.connect(sender, other)
        buffer = min(map(datagrams.receive_buffer, (sender, other)))
        yield Ends(sender, *made.descriptors, other.fileno(), Stamped(HEADERS), buffer), made


def run_kernel(scenario: Scenario, algorithm: str) -> Ran:
    """TCP flows of the kernel's, by iperf3: the first one of an algorithm, others of those that the scenario names.
    Round-trip times are the link's: queue, service and propagation.

    Raises Void, UserError and OSError.
    """
    if any(flow.start for flow in scenario.flows):
        raise UserError("the kernel's flows all start at once, so they have no part in a condition where others wait")
    simulation = flows_of(scenario)[0].simulation
    found, received = kernel_flows(scenario, [algorithm, *(_NAMES[flow.kind] for flow in scenario.flows[1:])])
    write_totals(found["totals"], simulation.arrays, scenario.end)
    _write_flows(simulation, found, received)
    return Ran(simulation, gate.lateness(found["late"]), 0, 0, {}, found["real_time"], 0)


def kernel_flows(scenario: Scenario, algorithms: Sequence[str]) -> tuple[dict[str, Any], list[float]]:
    """TCP flows of the kernel's side by side: what the link reports, and bit/s of payload that came of each.

    Raises Void, UserError and OSError.
    """
    for algorithm in algorithms:
        missing = probes.missing_for_kernel(algorithm)
        if missing:
            raise UserError(missing)
    with network() as made, contextlib.ExitStack() as stack:
        shuttle = Shuttle(scenario, *made.descriptors, Opaque())
        link = path.started(stack, shuttle.serve, *made.descriptors)
        link.begin(clock())
        ports = [str(_PORT + place) for place in range(len(algorithms))]
        with made.far.inside():
            for port in ports:
                stack.callback(_end, _iperf("-s", "-1", "-B", _FAR, "-p", port))
        time.sleep(_LISTENING_SECONDS)
        seconds = scenario.end / layout.SECOND
        with made.near.inside():
            clients = [_iperf("-c", _FAR, "-p", port, "-C", algorithm, "-t", f"{seconds:.0f}", "-J")
                       for port, algorithm in zip(ports, algorithms, strict=True)]  # fmt: skip
        for client in clients:
            stack.callback(_end, client)
        deadline = time.monotonic() + seconds + _OPENING_SECONDS
        received = [_received(client, deadline) for client in clients]
        link.stop()
        found = link.report(_OPENING_SECONDS)
        made.check()
    gate.judge(gate.lateness(found["late"]), 0, 0, {})
    return found, received


def _iperf(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["iperf3", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)  # fmt: skip


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


def _received(client: "subprocess.Popen[bytes]", deadline: float) -> float:
    """Bit/s of payload that came, as iperf3 says when it has come to its end. Raises Void and UserError."""
    try:
        text, _ = client.communicate(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise Void("iperf3 did not come to an end") from None
    said: dict[str, Any] = json.loads(text or b"{}")
    if "error" in said or "end" not in said:
        raise UserError(f"iperf3: {said.get('error', 'no answer')}")
    return float(said["end"]["sum_received"]["bits_per_second"])


def _write_flows(simulation: Simulation, found: dict[str, Any], received: Sequence[float]) -> None:
    """Write what is known of the kernel's flows into the engine's records of them: of delays, only of all together."""
    [scenario], arrays = simulation.scenarios, simulation.arrays
    first, base = arrays.flows[0], scenario.flows[0].base
    delays = np.array(found["delays"], dtype=np.int64)
    first["sent"], first["acked"] = found["arrived"], len(delays)
    first["rtt_sum"] = int(delays.sum()) + base * len(delays)
    bins = np.minimum(delays >> int(arrays.links[0]["delay_shift"]), layout.LEVELS - 1)
    arrays.delays[0] = np.bincount(bins, minlength=layout.LEVELS)
    for flow, rate in zip(arrays.flows, received, strict=True):
        flow["delivered"] = flow["departed"] = round(rate * _WIRE * scenario.end / (8 * layout.SECOND))
