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

_OF_FLOWS = ("random_lost", "dropped", "departed", "departed_packets")
"""What is counted for each flow: packets, but for `departed`, which are bytes."""


class Bottleneck:
    """The link of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        flows = range(len(scenario.flows))
        self._rates = deque(scenario.rates)
        self._rate = self._rates.popleft()[1]
        self._limit = scenario.limit
        self._end = scenario.end
        self._loss_seeds = [np.uint64(stream_seed(scenario.seed, f"loss of flow {flow}")) for flow in flows]
        self._loss_below = threshold(scenario.loss)
        self._shift = max(0, scenario.limit.bit_length() - (LEVELS - 1).bit_length())
        self._queue: deque[tuple[int, int, int]] = deque()
        self._busy = self._carry = self._clock = self._area = 0
        self._levels = [0] * LEVELS
        self._part = scenario.part_length
        self._parts = [[0] * -(-scenario.end // self._part) for _ in flows]
        self._of_flows = {name: [0 for _ in flows] for name in _OF_FLOWS}
        self._queued = self._arrived = self._dropped = self._accepted = 0
        self._bytes_in = self._bytes_out = self._departed = 0
        self._totals: dict[str, Any] | None = None

    def arrive(self, flow: int, number: int, size: int, time: int) -> int | None:
        """When the last bit of a packet is out; None if it is lost or dropped. `number` counts the flow's packets."""
        if time > self._end:
            self.totals()
        self._drain(time)
        if self._loss_below and int(draw(self._loss_seeds[flow], number)) < self._loss_below:
            self._of_flows["random_lost"][flow] += 1
            return None
        self._account(time)
        self._arrived += 1
        if self._queued + size > self._limit:
            self._dropped += 1
            self._of_flows["dropped"][flow] += 1
            return None
        self._busy = self._serve(max(time, self._busy), size)
        self._queued += size
        self._bytes_in += size
        self._accepted += 1
        self._queue.append((self._busy, size, flow))
        return self._busy

    def totals(self) -> dict[str, Any]:
        """What happened up to the scenario's end, as plain data: numbers, `levels`, ns at each queue length, and by
        flow `random_lost`, ... and `parts`, bytes departed in each part of the time.
        """
        if self._totals is not None:
            return self._totals
        self._drain(self._end)
        self._account(self._end)
        self._totals = {
            "area": self._area, "arrived": self._arrived, "dropped": self._dropped, "accepted": self._accepted,
            "departed": self._departed, "bytes_in": self._bytes_in, "bytes_out": self._bytes_out,
            "queued": self._queued, "levels": list(self._levels), "parts": [list(parts) for parts in self._parts],
            "flows": {name: list(values) for name, values in self._of_flows.items()},
        }  # fmt: skip
        return self._totals

    def _drain(self, time: int) -> None:
        """Let all packets depart whose last bit is out."""
        queue = self._queue
        while queue and queue[0][0] <= time:
            finish, size, flow = queue.popleft()
            self._account(finish)
            self._queued -= size
            self._bytes_out += size
            self._departed += 1
            parts = self._parts[flow]
            parts[min(finish // self._part, len(parts) - 1)] += size
            self._of_flows["departed"][flow] += size
            self._of_flows["departed_packets"][flow] += 1

    def _account(self, time: int) -> None:
        """Integrate the queue up to a time."""
        passed = time - self._clock
        if self._queued and passed > 0:
            self._area += self._queued * passed
            self._levels[min(self._queued >> self._shift, LEVELS - 1)] += passed
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
    """Write a bottleneck's totals into the engine's records of its link and flows, where measures are taken."""
    link = arrays.links[0]
    for name in ("area", "arrived", "dropped", "accepted", "departed", "bytes_in", "bytes_out", "queued"):
        link[name] = totals[name]
    link["finished"] = end
    for name, values in totals["flows"].items():
        arrays.flows[name] = values
    for counts, parts in zip(arrays.slices, totals["parts"], strict=True):
        counts[: len(parts)] = parts
    arrays.levels[0] = totals["levels"]
