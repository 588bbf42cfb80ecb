"""The rules of evaluators.network.compatibility in plain Python with an event heap: slow, and written to be read.

It is the oracle of that kernel's tests and the yardstick of its speed, and shares no code with it.
"""

import heapq
from collections.abc import Iterator

import numpy as np

PACKET, SEND = range(2)
TURN, ACK = range(2)


class CompatibilityHeap:
    """One episode on one link; `losses` are uniform numbers in the order of sends."""

    def __init__(
        self, bandwidth: float, delay: float, queue: float, loss: float, rate: float, losses: Iterator[float]
    ) -> None:
        self.bandwidth, self.delay, self.loss, self.rate, self.losses = bandwidth, delay, loss, rate, losses
        self.limit = queue / bandwidth
        self.queue = self.queue_at = self.clock = 0.0
        self.heap: list[tuple[float, int, int, float, bool]] = [(1.0 / rate, SEND, 0, 0.0, False)]
        self.events = self.sent = self.acked = self.lost = 0
        self.samples: list[float] = []
        self.length = 3.0 * delay
        self.means: list[float] = []
        for _ in range(2):
            self._run()

    def step(self, action: float) -> tuple[float, tuple[float, float, float]]:
        """Change the rate and run an interval: its reward, and gradient, latency ratio and sending ratio."""
        self.rate *= 1.0 + 0.025 * action if action >= 0 else 1.0
        self.rate /= 1.0 - 0.025 * action if action < 0 else 1.0
        self.rate = max(40.0, min(1000.0, self.rate))
        duration = self._run()
        mean = float(np.mean(self.samples)) if self.samples else 0.0
        if mean > 0:
            self.length = 0.5 * mean
            self.means.append(mean)
        throughput = 8.0 * (1500 * self.acked - 1500) / duration
        finished = self.lost + self.acked
        loss = self.lost / finished if finished else 0.0
        reward = 0.001 * (10.0 * throughput / (8.0 * 1500.0) - 1000.0 * mean - 2000.0 * loss)
        half = len(self.samples) // 2
        change = float(np.mean(self.samples[half:]) - np.mean(self.samples[:half])) if half else 0.0
        sent = 8.0 * 1500 * self.sent / duration
        ratio = sent / throughput if throughput > 0 and sent < 1000.0 * throughput else 1.0
        return reward, (change / duration, mean / min(self.means) if self.means else 1.0, ratio)

    def _run(self) -> float:
        self.sent = self.acked = self.lost = 0
        self.samples = []
        start = self.clock
        while self.clock < start + self.length:
            self.clock, kind, hop, latency, lost = heapq.heappop(self.heap)
            self.events += 1
            if kind == SEND:
                self._send(self.clock)
            elif hop == TURN:
                self._push(self.clock + self.delay, ACK, latency + self.delay, lost)
            elif lost:
                self.lost += 1
            else:
                self.acked += 1
                self.samples.append(latency)
        return self.clock - start

    def _send(self, time: float) -> None:
        self.sent += 1
        heapq.heappush(self.heap, (time + 1.0 / self.rate, SEND, 0, 0.0, False))
        latency = self.delay + self._backlog(time)
        lost = next(self.losses) < self.loss
        if not lost:
            self.queue, self.queue_at = self._backlog(time), time
            if 1.0 / self.bandwidth + self.queue > self.limit:
                lost = True
            else:
                self.queue += 1.0 / self.bandwidth
        self._push(time + latency, TURN, latency, lost)

    def _backlog(self, time: float) -> float:
        return max(0.0, self.queue - (time - self.queue_at))

    def _push(self, time: float, hop: int, latency: float, lost: bool) -> None:
        heapq.heappush(self.heap, (time, PACKET, hop, latency, lost))
