"""The rules of evaluators.network in plain Python with an event heap: slow, and written to be read.

It is the yardstick of benchmarks/congestion_control.py and the oracle of the engine's tests; it shares no code with the
engine but the scenarios' records. Policies only: flows of kind MONITOR and EPOCH.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

from evaluators.network.layout import MONITOR, SECOND
from evaluators.network.random_stream import Stream, stream_seed, threshold
from evaluators.network.scenario import Flow, Scenario

DEPART, ACK, TIMER, SEND = range(4)
Decide = Callable[[int, list[float]], float]
"""From the number of a flow and its observation to its answer."""


@dataclass
class Packet:
    """One packet on its way."""

    flow: int
    number: int
    size: int
    sent: int
    window: int
    finish: int = 0
    queue: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    marked: bool = False


@dataclass
class Pace:
    """Durations of bytes at a rate; what a division leaves is carried over."""

    rate: int = 0
    carry: int = 0

    def duration(self, size: int, rate: int) -> int:
        """ns of a packet."""
        if rate != self.rate:
            self.rate, self.carry = rate, 0
        whole, rest = divmod(size * 8 * SECOND, rate)
        self.carry += rest
        if self.carry >= rate:
            self.carry -= rate
            whole += 1
        return whole


@dataclass
class Sender:
    """One flow."""

    spec: Flow
    losses: Stream
    rate: int
    window: int
    remaining: int
    pace: Pace = field(default_factory=Pace)
    next_send: int = 0
    pending: bool = False
    sent: int = 0
    acked: int = 0
    random_lost: int = 0
    dropped: int = 0
    departed: int = 0
    rtt_sum: int = 0
    completed: int = -1
    history: list[float] = field(default_factory=lambda: [0.0, 1.0, 1.0] * 10)
    interval: tuple[int, int] = (0, 0)
    interval_sent: int = 0
    samples: list[int] = field(default_factory=list)
    last: tuple[int, int] = (0, 0)
    warm: int = 0
    least: float = float("inf")
    ratio: float = 1.0
    inflight: int = 0
    lost_through: int = -1
    missing: deque[tuple[int, int]] = field(default_factory=deque)
    progress: int = 0
    srtt: int = 0
    rttvar: int = 0
    acks: list[tuple[int, int, Packet]] = field(default_factory=list)
    lost: int = 0
    decided: int = 0
    used: tuple[int, int, Packet] | None = None


class EventHeap:
    """One link, run to its end by `run`."""

    def __init__(self, scenario: Scenario, decide: Decide, windows: Sequence[float] = ()) -> None:
        self.scenario = scenario
        self.decide = decide
        self.queued = self.busy = self.bytes_in = self.bytes_out = self.area = self.clock = 0
        self.arrived = self.dropped = self.events = 0
        self.end = scenario.end
        self.service = Pace()
        self.heap: list[tuple[int, int, int, int, Any]] = []
        self.order = 0
        self.loss = threshold(scenario.loss)
        self.open = sum(flow.message >= 0 for flow in scenario.flows)
        self.senders = []
        for number, spec in enumerate(scenario.flows):
            losses = Stream(stream_seed(scenario.seed, f"loss of flow {number}"))
            sender = Sender(spec, losses, spec.rate, spec.window, spec.message, next_send=spec.start)
            sender.decided = spec.start
            if windows:
                self._set_window(sender, windows[number])
            self.senders.append(sender)
            if spec.kind == MONITOR:
                service = spec.size * 8 * SECOND // scenario.rates[0][1]
                self._begin(number, spec.start, 3 * (spec.base + service) // 2)
                self._push(spec.start, SEND, number)
            else:
                self._schedule(number, 0)
        if scenario.epoch:
            self._push(scenario.epoch, TIMER, len(self.senders), "epoch")

    def run(self) -> None:
        """Handle events up to the end."""
        while self.heap and self.heap[0][0] <= self.end:
            time, kind, number, _, what = heapq.heappop(self.heap)
            if kind == DEPART:
                self._depart(what, time)
            elif kind == ACK:
                self._acknowledge(number, what, time)
            elif kind == SEND:
                self._send(number, time)
            elif what == "epoch":
                self._epoch(time)
            elif what == "interval":
                self._interval(number, time)
            else:
                self._timeout(number, time)
        self._account(self.end)

    def _push(self, time: int, kind: int, number: int, what: Any = None) -> None:
        self.order += 1
        heapq.heappush(self.heap, (time, kind, number, self.order, what))

    def _account(self, time: int) -> None:
        self.area += self.queued * max(0, time - max(self.clock, self.scenario.measured_from))
        self.clock = time

    def _capacity(self, time: int) -> int:
        return next(rate for start, rate in reversed(self.scenario.rates) if start <= time)

    def _send(self, number: int, time: int) -> None:
        sender = self.senders[number]
        sender.pending = False
        if sender.spec.kind != MONITOR and not self._may_send(sender):
            return
        size = sender.spec.size if sender.remaining < 0 else min(sender.spec.size, sender.remaining)
        packet = Packet(number, sender.sent, size, time, sender.window)
        self.events += 1
        sender.sent += 1
        sender.interval_sent += 1
        lost = (sender.losses.integer() >> 11) < self.loss
        if lost:
            sender.random_lost += 1
        else:
            lost = self._arrive(sender, packet, time)
        sender.next_send = max(sender.next_send, time) + sender.pace.duration(size, sender.rate)
        if sender.spec.kind == MONITOR:
            self._push(sender.next_send, SEND, number)
            return
        if sender.inflight == 0:
            sender.progress = time
            self._push(time + self._patience(sender), TIMER, number, "timeout")
        sender.inflight += size
        if sender.remaining > 0:
            sender.remaining -= size
        if lost:
            sender.missing.append((packet.number, size))
        self._schedule(number, time)

    def _arrive(self, sender: Sender, packet: Packet, time: int) -> bool:
        """Whether the packet is dropped."""
        self._account(time)
        self.arrived += 1
        if self.queued + packet.size > self.scenario.limit:
            sender.dropped += 1
            self.dropped += 1
            return True
        start = max(time, self.busy)
        packet.finish = self.busy = start + self.service.duration(packet.size, self._capacity(start))
        self.queued += packet.size
        self.bytes_in += packet.size
        self._push(packet.finish, DEPART, packet.flow, packet)
        return False

    def _depart(self, packet: Packet, time: int) -> None:
        self._account(time)
        self.events += 1
        self.queued -= packet.size
        self.bytes_out += packet.size
        packet.queue, packet.bytes_in, packet.bytes_out = self.queued, self.bytes_in, self.bytes_out
        packet.marked = self.queued > self.scenario.mark_above
        sender = self.senders[packet.flow]
        sender.departed += packet.size
        self._push(time + sender.spec.base, ACK, packet.flow, packet)

    def _acknowledge(self, number: int, packet: Packet, time: int) -> None:
        sender = self.senders[number]
        self.events += 1
        round_trip = time - packet.sent
        sender.acked += 1
        sender.rtt_sum += round_trip
        if sender.spec.kind == MONITOR:
            sender.samples.append(round_trip)
            return
        if sender.srtt == 0:
            sender.srtt, sender.rttvar = round_trip, round_trip // 2
        else:
            sender.rttvar = (3 * sender.rttvar + abs(sender.srtt - round_trip)) // 4
            sender.srtt = (7 * sender.srtt + round_trip) // 8
        sender.progress = time
        if packet.number > sender.lost_through:
            sender.inflight -= packet.size
        while sender.missing and sender.missing[0][0] <= packet.number - 3:
            size = sender.missing.popleft()[1]
            sender.inflight -= size
            sender.lost += 1
            if sender.remaining >= 0:
                sender.remaining += size
        sender.acks.append((round_trip, time, packet))
        if sender.remaining == 0 and sender.inflight == 0 and sender.completed < 0:
            sender.completed = time
            self.open -= 1
            if self.open == 0:
                self.end = time
        if sender.inflight > 0:
            self._push(time + self._patience(sender), TIMER, number, "timeout")
        self._schedule(number, time)

    def _patience(self, sender: Sender) -> int:
        if sender.srtt == 0:
            return max(sender.spec.first_timeout, 3 * sender.spec.base)
        return max(sender.spec.least_timeout, sender.srtt + 4 * sender.rttvar)

    def _timeout(self, number: int, time: int) -> None:
        sender = self.senders[number]
        if sender.inflight == 0 or sender.progress + self._patience(sender) > time:
            return
        if sender.remaining >= 0:
            sender.remaining += sender.inflight
        sender.lost += -(-sender.inflight // sender.spec.size)
        sender.inflight = 0
        sender.lost_through = sender.sent - 1
        sender.missing.clear()
        sender.progress = time
        self._schedule(number, time)

    def _may_send(self, sender: Sender) -> bool:
        fits = sender.inflight == 0 or sender.inflight + sender.spec.size <= sender.window
        return sender.remaining != 0 and fits

    def _schedule(self, number: int, now: int) -> None:
        sender = self.senders[number]
        if not sender.pending and self._may_send(sender):
            sender.pending = True
            self._push(max(sender.next_send, now), SEND, number)

    def _begin(self, number: int, time: int, length: int) -> None:
        sender = self.senders[number]
        sender.interval, sender.interval_sent, sender.samples = (time, length), 0, []
        self._push(time + length, TIMER, number, "interval")

    def _interval(self, number: int, time: int) -> None:
        sender = self.senders[number]
        length = sender.interval[1]
        if sender.samples:
            sender.last = sum(sender.samples), len(sender.samples)
        sender.warm += 1
        if sender.warm == 1:
            self._begin(number, time, length)
            return
        if sender.warm > 2:
            self._observe(sender, length)
            answer = min(max(self.decide(number, list(sender.history)), -40.0), 40.0)
            rate = sender.rate * (1.0 + 0.025 * answer) if answer >= 0 else sender.rate / (1.0 - 0.025 * answer)
            sender.rate = int(min(max(rate, float(sender.spec.rate_low)), float(sender.spec.rate_high)))
        total, count = sender.last
        following = total // (2 * count) if count else length
        least = 5 * sender.spec.size * 8 * SECOND // sender.rate
        self._begin(number, time, min(max(following, least), 10 * SECOND))

    def _observe(self, sender: Sender, length: int) -> None:
        samples = sender.samples
        count, half, gradient = len(samples), len(samples) // 2, 0.0
        if count >= 2:
            gradient = (sum(samples[half:]) / (count - half) - sum(samples[:half]) / half) / length
        if count:
            mean = sum(samples) / count
            sender.least = min(sender.least, mean)
            sender.ratio = mean / sender.least
            sending = min(sender.interval_sent / count, 1000.0)
        else:
            sending = 1000.0 if sender.interval_sent else 1.0
        sender.history = [*sender.history[3:], gradient, sender.ratio, sending]

    def _epoch(self, time: int) -> None:
        asked = [n for n, sender in enumerate(self.senders) if sender.acks and sender.completed < 0]
        for number in asked:
            sender = self.senders[number]
            self._set_window(sender, self.decide(number, self._sample(sender, time)))
            self._schedule(number, time)
        self._push(time + self.scenario.epoch, TIMER, len(self.senders), "epoch")

    def _sample(self, sender: Sender, time: int) -> list[float]:
        base, card = float(sender.spec.base), float(sender.spec.rate_high)
        product = card * base / (8 * SECOND)
        round_trip, at, newest = sender.acks[-1]
        trips = [trip for trip, _, _ in sender.acks]
        gradient, telemetry = 0.0, [nan] * 4
        if sender.used is not None and at > sender.used[1]:
            gradient = (round_trip - sender.used[0]) / (at - sender.used[1])
        if self.scenario.telemetry:
            telemetry = [newest.queue / product, 0.0, 0.0, 0.0]
            if sender.used is not None:
                before = sender.used[2]
                scale = 8.0 * SECOND / ((newest.finish - before.finish) * card)
                telemetry[1] = (newest.queue - before.queue) * scale
                telemetry[2] = (newest.bytes_out - before.bytes_out) * scale
                telemetry[3] = (newest.bytes_in - before.bytes_in) * scale
        marked = sum(packet.marked for _, _, packet in sender.acks) / len(trips)
        row = [
            (time - sender.decided) / base, float(len(trips)), sum(p.size for _, _, p in sender.acks) / product,
            round_trip / base, sum(trips) / len(trips) / base, min(trips) / base, gradient, *telemetry, marked,
            float(sender.lost), sender.inflight / product, sender.window / product, newest.window / product,
        ]  # fmt: skip
        sender.used, sender.decided, sender.lost, sender.acks = sender.acks[-1], time, 0, []
        return row

    def _set_window(self, sender: Sender, window: float) -> None:
        card = float(sender.spec.rate_high)
        wanted = min(max(window, 0.001), 4.0) * card * sender.spec.base / (8 * SECOND)
        sender.window = int(wanted)
        sender.rate = min(int(wanted * 8 * SECOND / sender.spec.base), sender.spec.rate_high)
