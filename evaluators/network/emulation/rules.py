"""The bottleneck of the packet engine once more, for packets that come one by one: decides, and moves nothing.

Random loss, a droptail queue in bytes in which the packet in service counts until its last bit is out, a server whose
rate is piecewise constant. Times are ns and may lie in the past; they must not go back. No float decides anything.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.network.layout import LEVELS, SECOND, Arrays
from evaluators.network.random_stream import draw, stream_seed, threshold
from evaluators.network.scenario import Scenario


class Bottleneck:
    """The link of a scenario with one flow."""

    def __init__(self, scenario: Scenario) -> None:
        self._rates = deque(scenario.rates)
        self._rate = self._rates.popleft()[1]
        self._limit = scenario.limit
        self._end = scenario.end
        self._loss_seed = np.uint64(stream_seed(scenario.seed, "loss of flow 0"))
        self._loss_below = threshold(scenario.loss)
        self._shift = max(0, scenario.limit.bit_length() - (LEVELS - 1).bit_length())
        self._queue: deque[tuple[int, int]] = deque()
        self._busy = self._carry = self._clock = self._area = 0
        self._levels = [0] * LEVELS
        self.queued = self.arrived = self.dropped = self.random_lost = self.accepted = 0
        """Bytes in the queue; packets."""
        self._bytes_in = self._bytes_out = self._departed = 0
        self._totals: dict[str, Any] | None = None

    def arrive(self, number: int, size: int, time: int) -> int | None:
        """When the last bit of a packet is out; None if it is lost or dropped. `number` counts the flow's packets."""
        if time > self._end:
            self.totals()
        self._drain(time)
        if self._loss_below and int(draw(self._loss_seed, number)) < self._loss_below:
            self.random_lost += 1
            return None
        self._account(time)
        self.arrived += 1
        if self.queued + size > self._limit:
            self.dropped += 1
            return None
        self._busy = self._serve(max(time, self._busy), size)
        self.queued += size
        self._bytes_in += size
        self.accepted += 1
        self._queue.append((self._busy, size))
        return self._busy

    def totals(self) -> dict[str, Any]:
        """What happened up to the scenario's end, as plain data: numbers, and `levels`, ns at each queue length."""
        if self._totals is not None:
            return self._totals
        self._drain(self._end)
        self._account(self._end)
        self._totals = {
            "area": self._area, "arrived": self.arrived, "dropped": self.dropped, "random_lost": self.random_lost,
            "accepted": self.accepted, "departed": self._departed, "bytes_in": self._bytes_in,
            "bytes_out": self._bytes_out, "queued": self.queued, "levels": list(self._levels),
        }  # fmt: skip
        return self._totals

    def _drain(self, time: int) -> None:
        """Let all packets depart whose last bit is out."""
        queue = self._queue
        while queue and queue[0][0] <= time:
            finish, size = queue.popleft()
            self._account(finish)
            self.queued -= size
            self._bytes_out += size
            self._departed += 1

    def _account(self, time: int) -> None:
        """Integrate the queue up to a time."""
        passed = time - self._clock
        if self.queued and passed > 0:
            self._area += self.queued * passed
            self._levels[min(self.queued >> self._shift, LEVELS - 1)] += passed
        self._clock = time

    def _serve(self, start: int, size: int) -> int:
        """The end of a service; what a division leaves is carried to the next packet at the same rate."""
        while self._rates and self._rates[0][0] <= start:
            rate = self._rates.popleft()[1]
            if rate != self._rate:
                self._rate, self._carry = rate, 0
        duration, remainder = divmod(size * 8 * SECOND, self._rate)
        self._carry += remainder
        if self._carry >= self._rate:
            self._carry -= self._rate
            duration += 1
        return start + duration


def write_totals(totals: Mapping[str, Any], arrays: Arrays, end: int) -> None:
    """Write a bottleneck's totals into the engine's records of its only link and flow, where measures are taken."""
    link, flow = arrays.links[0], arrays.flows[0]
    for name in ("area", "arrived", "dropped", "accepted", "departed", "bytes_in", "bytes_out", "queued"):
        link[name] = totals[name]
    link["finished"] = end
    for name in ("random_lost", "dropped"):
        flow[name] = totals[name]
    flow["departed"], flow["departed_packets"] = totals["bytes_out"], totals["departed"]
    arrays.levels[0] = totals["levels"]
