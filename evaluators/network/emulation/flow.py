"""The engine's senders, driven by acknowledgements that really arrive: same pacing, windows, intervals, algorithms.

What the engine knows at once, a lost packet, is found out here from gaps in what is acknowledged, since nothing
reorders; it is declared by the same rule, three packets later.
"""

import numpy as np
from numpy.typing import NDArray

from evaluators.network import kernel, layout, monitor, transport
from evaluators.network.compiled import compiled
from evaluators.network.layout import MONITOR, SECOND, SEND
from evaluators.network.memory import entry_at, flow_at, state_at
from evaluators.network.scenario import Flow, Scenario
from evaluators.network.simulation import MachineFault, Simulation

_ENTRIES = 1 << 16
"""Packets on their way: seconds at any rate that is emulated."""
_SAMPLES = 1 << 17
"""Acknowledgements of one interval, which lasts at most ten seconds."""


@compiled
def _sent(address: int, index: int, place: int, due: int, time: int) -> int:
    state = state_at(address, 0)
    flow, entry = flow_at(state.flows, index), entry_at(state.ring, place)
    packet, size = flow.sent, flow.size
    entry.sent = time
    entry.number = packet
    entry.size = size
    transport.note_sent(state, index, place, size, time)
    transport.pace(flow, size, due)
    return int(transport.next_key(state, index, due))


@compiled
def _acknowledged(address: int, index: int, place: int, packet: int, expected: int, time: int) -> int:
    state = state_at(address, 0)
    flow, entry = flow_at(state.flows, index), entry_at(state.ring, place)
    if flow.kind != MONITOR:
        for missing in range(max(expected, flow.lost_through + 1), packet):
            transport.note_missing(state, flow, missing, flow.size)
    transport.receive(state, index, place, packet, entry.size, time - entry.sent, time)
    return int(transport.next_key(state, index, time))


@compiled
def _timer(address: int, index: int, time: int) -> int:
    state = state_at(address, 0)
    if transport.on_timer(state, index, time):
        return -1
    return int(transport.next_key(state, index, time))


@compiled
def _go_on(address: int, index: int) -> int:
    state = state_at(address, 0)
    flow = flow_at(state.flows, index)
    time = flow.timer
    monitor.begin(flow, time, monitor.next_length(flow))
    flow.waiting = 0
    return int(transport.next_key(state, index, time))


@compiled
def _steer(address: int, index: int, action: float, time: int) -> int:
    state = state_at(address, 0)
    monitor.steer(flow_at(state.flows, index), action)
    return int(transport.next_key(state, index, time))


class EmulatedFlow:
    """One sender. Times are ns from the start of all; they must not go back."""

    def __init__(self, simulation: Simulation, place: int, address: int) -> None:
        """Take a flow of a scenario; its link is left to whoever carries the packets. Made by `flows_of`."""
        self.simulation = simulation
        self.place = place
        """Among the flows."""
        self._address = address
        self._flow = simulation.arrays.flows[place]
        self._entries = simulation.arrays.ring[place * _ENTRIES : (place + 1) * _ENTRIES]
        self._base = simulation.scenarios[0].flows[place].base
        self.key = int(simulation.arrays.keys[place])
        """4 x time + kind of what it does by itself next: of several flows, the least is next."""
        self._expected = 0
        self.number = 0
        """Of the next packet."""

    @property
    def due(self) -> int:
        """When it does something by itself next."""
        return self.key >> 2

    @property
    def sends(self) -> bool:
        """Whether that is to send a packet; else a timer ends, for an interval or for want of acknowledgements."""
        return self.key & 3 == SEND

    @property
    def record(self) -> np.void:
        """The engine's record of the flow."""
        record: np.void = self._flow
        return record

    def sent(self, time: int) -> None:
        """The packet that was due has left at `time`, which counts for round trips; pacing goes by when it was due."""
        if self.number - self._expected >= _ENTRIES:
            raise MachineFault(f"more than {_ENTRIES} packets are on their way")
        self.key = _sent(self._address, self.place, self._slot(self.number), self.due, time)
        self.number += 1

    def acknowledged(self, packet: int, time: int) -> None:
        """A packet is acknowledged. Raises MachineFault for one that was not sent, out of order, or too early."""
        if not self._expected <= packet < self.number:
            raise MachineFault(f"packet {packet} is acknowledged, expected were {self._expected} to {self.number - 1}")
        if time < int(self._entries[packet % _ENTRIES]["sent"]) + self._base:
            raise MachineFault(f"packet {packet} is acknowledged sooner than the path allows")
        self.key = _acknowledged(self._address, self.place, self._slot(packet), packet, self._expected, time)
        self._expected = packet + 1

    def timer(self) -> NDArray[np.float64] | None:
        """The timer that was due ends: the observation, float64[30], of a policy that must decide now, or None."""
        key = _timer(self._address, self.place, self.due)
        if key >= 0:
            self.key = key
            return None
        observation: NDArray[np.float64] = self.simulation.arrays.history[self.place]
        return observation

    def decide(self, action: float) -> None:
        """Take the policy's answer."""
        kernel.decide(self._address, np.array([self.place]), np.array([action]))
        self.key = int(self.simulation.arrays.keys[self.place])

    def go_on(self) -> None:
        """Begin the next interval at the present rate, while the policy decides."""
        self.key = _go_on(self._address, self.place)

    def steer(self, action: float, time: int) -> None:
        """Take the answer of a policy that was not waited for. A send that is scheduled already keeps its time."""
        self.key = _steer(self._address, self.place, action, time)

    def _slot(self, packet: int) -> int:
        """Where the ring has a packet: each flow has a part of it."""
        return self.place * _ENTRIES + packet % _ENTRIES


def flows_of(scenario: Scenario) -> list[EmulatedFlow]:
    """All flows of a scenario, which share the records of one simulation."""
    simulation = Simulation([scenario])
    count = len(scenario.flows)
    entries = _ENTRIES << (count - 1).bit_length()  # a power of two
    simulation.arrays = simulation.arrays._replace(
        ring=np.zeros(entries, dtype=layout.ENTRY), stamps=np.zeros(entries, dtype=layout.STAMP),
        losses=np.zeros((_ENTRIES * count, 2), dtype=np.int64), samples=np.zeros(_SAMPLES * count, dtype=np.int64),
    )  # fmt: skip
    simulation.arrays.links[0]["ring_mask"] = entries - 1
    for place, flow in enumerate(simulation.arrays.flows):
        flow["loss_offset"], flow["loss_mask"] = place * _ENTRIES, _ENTRIES - 1
        flow["sample_offset"], flow["sample_capacity"] = place * _SAMPLES, _SAMPLES
    address = simulation.locate()
    kernel.begin(address)
    return [EmulatedFlow(simulation, place, address) for place in range(count)]


def warm() -> None:
    """Compile, or load what is compiled, so that nothing waits for it in real time."""
    [flow] = flows_of(Scenario(((0, 10**6),), 10**4, SECOND, (Flow(MONITOR, SECOND // 100, 10**6),)))
    decided = False
    while not decided:
        if flow.sends:
            flow.sent(flow.due)
            if flow.number == 1:
                flow.acknowledged(0, SECOND)
        elif flow.timer() is not None:
            flow.go_on()
            flow.steer(0.0, flow.due)
            decided = True
