"""One emulated run: sender, link and receiver from the first datagram to the last, and what was measured."""

import contextlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluators.network.emulation import datagrams, flow, gate, receiver
from evaluators.network.emulation.decider import Decide, deciding
from evaluators.network.emulation.flow import flows_of
from evaluators.network.emulation.gate import Lateness
from evaluators.network.emulation.real_time import Process, clock, on_time, wait
from evaluators.network.emulation.rules import write_totals
from evaluators.network.emulation.sender import Sender
from evaluators.network.emulation.shuttle import Shuttle, Stamped
from evaluators.network.scenario import Scenario
from evaluators.network.simulation import Simulation

_LEAD = 20_000_000
"""ns between telling when time begins and its beginning."""
_REPORT_SECONDS = 10.0


@dataclass(frozen=True)
class Ends:
    """Of a path: sender and receiver at its ends, and the link's descriptors towards each."""

    sender: socket.socket
    near: int
    far: int
    receiver: int
    packets: Stamped
    receive_buffer: int
    """Bytes that the kernel has granted to the least of the sockets."""


@dataclass(frozen=True)
class Ran:
    """What a run that counts has measured."""

    simulation: Simulation
    """The engine's records, filled in from what really happened, for the engine's measures."""
    lateness: Lateness
    behind: int
    """ns that the sender, or a decision, was behind its schedule at most."""
    waited: int
    """ns that a decision took at most."""
    counts: Mapping[str, tuple[int, int]]
    """By place, how many datagrams went in and how many came out."""
    real_time: bool
    """Whether all processes had real-time priority."""
    receive_buffer: int


def run(scenario: Scenario, decide: Decide, ends: Ends) -> Ran:
    """Let the scenario's flows send over a path, in real time. Raises Void where the machine was not on time."""
    ran = carry(scenario, decide, ends)
    gate.judge(ran.lateness, ran.behind, ran.waited, ran.counts)
    return ran


def carry(scenario: Scenario, decide: Decide, ends: Ends) -> Ran:
    """The same, however late it was."""
    flow.warm()
    flows = flows_of(scenario)
    shuttle = Shuttle(scenario, ends.near, ends.far, ends.packets)
    with contextlib.ExitStack() as stack:
        link = started(stack, shuttle.serve, ends.near, ends.far)
        other = started(stack, lambda control: receiver.serve(control, ends.receiver), ends.receiver)
        with on_time() as real_time, deciding(decide, len(flows)) as deciders:
            sender = Sender(flows, ends.sender, scenario.end, deciders)
            start = clock() + _LEAD
            for process in (link, other):
                process.begin(start)
            sender.run(start)
        link.stop()
        while link not in wait([link, ends.sender], round(_REPORT_SECONDS * 1e9)):
            sender.drain()
        found = link.report(_REPORT_SECONDS)
        sender.drain()
        other.stop()
        echoed = other.report(_REPORT_SECONDS)
    simulation = flows[0].simulation
    write_totals(found["totals"], simulation.arrays, scenario.end)
    counts = {
        "before the link": (sum(each.number for each in flows), found["arrived"]),
        "before the receiver": (found["forwarded"], echoed["received"]),
        "on the way back": (echoed["received"], found["returned"]),
        "in the link": (found["returned"], found["delivered"]),
        "before the sender": (found["delivered"], sender.acknowledged),
    }
    everywhere = real_time and found["real_time"] and echoed["real_time"]
    waited = max(decider.longest for decider in deciders)
    late = gate.lateness(found["late"])
    return Ran(simulation, late, max(sender.behind, waited), waited, counts, everywhere, ends.receive_buffer)


def started(stack: contextlib.ExitStack, main: Any, *descriptors: int) -> Process:
    """A process that is gone when the stack is left, however."""
    process = Process(main, descriptors)
    stack.callback(process.kill)
    return process


def run_udp(scenario: Scenario, decide: Decide) -> Ran:
    """A run over UDP on the loopback interface, for which nobody needs a privilege. Raises Void."""
    with udp_ends() as ends:
        return run(scenario, decide, ends)


@contextlib.contextmanager
def udp_ends() -> Iterator[Ends]:
    """Sockets on the loopback interface, for as long as the context lasts."""
    with contextlib.ExitStack() as stack:
        sender, near, far, other = (stack.enter_context(datagrams.udp_socket()) for _ in range(4))
        datagrams.connect(sender, near)
        datagrams.connect(far, other)
        buffer = min(map(datagrams.receive_buffer, (sender, near, far, other)))
        yield Ends(sender, near.fileno(), far.fileno(), other.fileno(), Stamped(), buffer)
