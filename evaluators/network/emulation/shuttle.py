"""The process that is the link: carries packets from one descriptor to another, late as a bottleneck would.

Delays count from when a packet was due, not from when a process got to it, so that the wake-ups of several processes
do not add up in a round trip; how late this process forwards is measured, and judged by the gate.
"""

from array import array
from collections import deque
from dataclasses import dataclass
from typing import Any

from evaluators.network.emulation import datagrams
from evaluators.network.emulation.datagrams import HEADER, HEADERS, READS
from evaluators.network.emulation.real_time import Control, clock, wait
from evaluators.network.emulation.rules import Bottleneck
from evaluators.network.scenario import Scenario

_LEAST_GRACE = 10**9
"""ns after the end within which what is on its way must have come through."""
_LOOK = 10**9
_LARGE = 1000
"""Bytes."""


@dataclass(frozen=True)
class Stamped:
    """Packets that carry their label and their time of sending: those of the emulated sender."""

    offset: int = 0
    """Bytes of headers before the payload, as they are seen here."""

    def read(self, data: bytes, number: int, now: int) -> tuple[int, int, int]:
        """Label, time of arrival at the queue and size of a packet; `number` counts those that came."""
        sent, time = HEADER.unpack_from(data, self.offset)
        return sent, time, len(data) + HEADERS - self.offset

    def label(self, data: bytes) -> int:
        """Of the packet that is returned."""
        return int(HEADER.unpack_from(data, self.offset)[0])

    def begins(self, data: bytes) -> bool:
        """Whether time begins with a packet: it has begun already."""
        return False


@dataclass(frozen=True)
class Opaque:
    """Packets of which nothing is known: they arrive when they are read, and time begins with the first large one."""

    def read(self, data: bytes, number: int, now: int) -> tuple[int, int, int]:
        """As of stamped packets."""
        return number, now, len(data)

    def label(self, data: bytes) -> int | None:
        """They belong to no packet of the other way."""
        return None

    def begins(self, data: bytes) -> bool:
        """What is smaller opens a connection."""
        return len(data) > _LARGE


class Shuttle:
    """A bottleneck one way, a delay both ways."""

    def __init__(self, scenario: Scenario, near: int, far: int, packets: Stamped | Opaque) -> None:
        """near, far: non-blocking descriptors towards the sender and towards the receiver. All flows have one delay."""
        self._rules = Bottleneck(scenario)
        base = scenario.flows[0].base
        self._there, self._back = base // 2, base - base // 2
        self._near, self._far = near, far
        self._packets = packets
        self._start = 0
        self._begun = isinstance(packets, Stamped)
        self._end = scenario.end
        self._outward: deque[tuple[int, bytes]] = deque()
        self._homeward: deque[tuple[int, bytes]] = deque()
        self._at_receiver: dict[int, int] = {}
        self._late = array("q")
        self._delays = array("q")
        self._arrived = self._forwarded = self._returned = self._delivered = self._refused = 0

    def serve(self, control: Control) -> dict[str, Any]:
        """Carry packets until asked to stop and nothing is on its way; counts, lateness and the bottleneck's totals."""
        self._start = control.ready()
        stopping: int | None = None
        while True:
            self._carry()
            now = clock()
            if stopping is not None and (self._idle() or now > stopping):
                break
            watched: list[Any] = [self._near, self._far]
            if stopping is None:
                watched.append(control)
            until = min(self._due(), now + _LOOK if stopping is None else now + _LEAST_GRACE // 20)
            if control in wait(watched, until - now) and stopping is None:
                stopping = clock() + _LEAST_GRACE + self._there + self._back
        return {
            "totals": self._rules.totals(), "late": self._late.tolist(), "delays": self._delays.tolist(),
            "arrived": self._arrived, "forwarded": self._forwarded, "returned": self._returned,
            "delivered": self._delivered, "refused": self._refused,
        }  # fmt: skip

    def _carry(self) -> None:
        """Take in what has come, and forward what is due."""
        for _ in range(READS):
            data = datagrams.read(self._near)
            if data is None:
                break
            self._enter(data, clock())
        for _ in range(READS):
            data = datagrams.read(self._far)
            if data is None:
                break
            self._returned += 1
            label = self._packets.label(data)
            due = clock() if label is None else self._at_receiver.pop(label, None)
            if due is not None:
                self._homeward.append((due + self._back, data))
        self._forwarded += self._forward(self._outward, self._far)
        self._delivered += self._forward(self._homeward, self._near)

    def _enter(self, data: bytes, now: int) -> None:
        if not self._begun and self._packets.begins(data):
            self._begun, self._start = True, now
        if not self._begun:
            self._outward.append((now + self._there, data))
            return
        label, time, size = self._packets.read(data, self._arrived, now - self._start)
        self._arrived += 1
        finish = self._rules.arrive(*datagrams.labelled(label), size, time)
        if finish is None:
            return
        if finish <= self._end:
            self._delays.append(finish - time)
        due = self._start + finish + self._there
        if isinstance(self._packets, Stamped):
            self._at_receiver[label] = due
        self._outward.append((due, data))

    def _forward(self, packets: deque[tuple[int, bytes]], descriptor: int) -> int:
        """Send all that is due; how many."""
        count = 0
        while packets:
            due, data = packets[0]
            late = clock() - due
            if late < 0:
                break
            packets.popleft()
            self._late.append(late)
            if not datagrams.write(descriptor, data):
                self._refused += 1
                continue
            count += 1
        return count

    def _due(self) -> int:
        """When the next packet is to be forwarded."""
        return min((packets[0][0] for packets in (self._outward, self._homeward) if packets), default=2**62)

    def _idle(self) -> bool:
        return not (self._outward or self._homeward or self._at_receiver)
