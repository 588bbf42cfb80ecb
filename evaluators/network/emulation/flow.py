"""The engine's sender, driven by acknowledgements that really arrive: same pacing, windows, intervals, algorithms.

What the engine knows at once, a lost packet, is found out here from gaps in what is acknowledged, since nothing
reorders; it is declared by the same rule, three packets later.
"""

import numpy as np
from numpy.typing import NDArray

from evaluators.network import kernel, layout, monitor, transport
from evaluators.network.compiled import compiled
from evaluators.network.layout import MONITOR, SECOND, SEND
from evaluators.network.memory import entry_at, flow_at, link_at, state_at
from evaluators.network.scenario import Flow, Scenario
from evaluators.network.simulation import MachineFault, Simulation

_ENTRIES = 1 << 16
"""Packets on their way: seconds at any rate that is emulated."""
_SAMPLES = 1 << 17
"""Acknowledgements of one interval, which lasts at most ten seconds."""


@compiled
def _sent(address: int, due: int, time: int) -> int:
    state = state_at(address, 0)
    flow, link = flow_at(state.flows, 0), link_at(state.links, 0)
    packet, size = flow.sent, flow.size
    entry = entry_at(state.ring, packet & link.ring_mask)
    entry.sent = time
    entry.number = packet
    entry.size = size
    transport.note_sent(state, 0, packet, size, time)
    transport.pace(flow, size, due)
    return int(transport.next_key(state, 0, due))


@compiled
def _acknowledged(address: int, packet: int, expected: int, time: int) -> int:
    state = state_at(address, 0)
    flow, link = flow_at(state.flows, 0), link_at(state.links, 0)
    if flow.kind != MONITOR:
        for missing in range(max(expected, flow.lost_through + 1), packet):
            transport.note_missing(state, flow, missing, flow.size)
    slot = packet & link.ring_mask
    entry = entry_at(state.ring, slot)
    transport.receive(state, 0, slot, packet, entry.size, time - entry.sent, time)
    return int(transport.next_key(state, 0, time))


@compiled
def _timer(address: int, time: int) -> int:
    state = state_at(address, 0)
    if transport.on_timer(state, 0, time):
        return -1
    return int(transport.next_key(state, 0, time))


@compiled
def _go_on(address: int) -> int:
    state = state_at(address, 0)
    flow = flow_at(state.flows, 0)
    time = flow.timer
    monitor.begin(flow, time, monitor.next_length(flow))
    flow.waiting = 0
    return int(transport.next_key(state, 0, time))


@compiled
def _steer(address: int, action: float, time: int) -> int:
    state = state_at(address, 0)
    monitor.steer(flow_at(state.flows, 0), action)
    return int(transport.next_key(state, 0, time))


class EmulatedFlow:
    """One sender. Times are ns from the start of the flow; they must not go back."""

    def __init__(self, scenario: Scenario) -> None:
        """Take the only flow of a scenario; its link is left to whoever carries the packets."""
        self.simulation = Simulation([scenario])
        arrays = self.simulation.arrays
        self.arrays = arrays._replace(
            ring=np.zeros(_ENTRIES, dtype=layout.ENTRY), stamps=np.zeros(_ENTRIES, dtype=layout.STAMP),
            losses=np.zeros((_ENTRIES, 2), dtype=np.int64), samples=np.zeros(_SAMPLES, dtype=np.int64),
        )  # fmt: skip
        self.simulation.arrays = self.arrays
        self._link, self._flow = arrays.links[0], arrays.flows[0]
        self._link["ring_mask"] = _ENTRIES - 1
        self._flow["loss_mask"] = _ENTRIES - 1
        self._flow["sample_capacity"] = _SAMPLES
        self._state = self.arrays.state()
        self._address = int(self._state.ctypes.data)
        kernel.begin(self._address)
        self._expected = 0
        self._base = scenario.flows[0].base
        self._key = int(self.arrays.keys[0])
        self._number = 0

    @property
    def due(self) -> int:
        """When it does something by itself next."""
        return self._key >> 2

    @property
    def sends(self) -> bool:
        """Whether that is to send a packet; else a timer ends, for an interval or for want of acknowledgements."""
        return self._key & 3 == SEND

    @property
    def number(self) -> int:
        """Of the next packet."""
        return self._number

    @property
    def record(self) -> np.void:
        """The engine's record of the flow."""
        record: np.void = self._flow
        return record

    def sent(self, time: int) -> None:
        """The packet that was due has left at `time`, which counts for round trips; pacing goes by when it was due."""
        if self._number - self._expected >= _ENTRIES:
            raise MachineFault(f"more than {_ENTRIES} packets are on their way")
        self._number += 1
        self._key = _sent(self._address, self.due, time)

    def acknowledged(self, packet: int, time: int) -> None:
        """A packet is acknowledged. Raises MachineFault for one that was not sent, out of order, or too early."""
        if not self._expected <= packet < self._number:
            raise MachineFault(f"packet {packet} is acknowledged, expected were {self._expected} to {self._number - 1}")
        if time < int(self.arrays.ring[packet & (_ENTRIES - 1)]["sent"]) + self._base:
            raise MachineFault(f"packet {packet} is acknowledged sooner than the path allows")
        self._key = _acknowledged(self._address, packet, self._expected, time)
        self._expected = packet + 1

    def timer(self) -> NDArray[np.float64] | None:
        """The timer that was due ends: the observation, float64[30], of a policy that must decide now, or None."""
        key = _timer(self._address, self.due)
        if key >= 0:
            self._key = key
            return None
        observation: NDArray[np.float64] = self.arrays.history[0]
        return observation

    def decide(self, action: float) -> None:
        """Take the policy's answer."""
        kernel.decide(self._address, np.zeros(1, dtype=np.int64), np.array([action]))
        self._key = int(self.arrays.keys[0])

    def go_on(self) -> None:
        """Begin the next interval at the present rate, while the policy decides."""
        self._key = _go_on(self._address)

    def steer(self, action: float, time: int) -> None:
        """Take the answer of a policy that was not waited for. A send that is scheduled already keeps its time."""
        self._key = _steer(self._address, action, time)


def warm() -> None:
    """Compile, or load what is compiled, so that nothing waits for it in real time."""
    flow = EmulatedFlow(Scenario(((0, 10**6),), 10**4, SECOND, (Flow(MONITOR, SECOND // 100, 10**6),)))
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
