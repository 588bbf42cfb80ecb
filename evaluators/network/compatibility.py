"""The training environment of Aurora (arXiv 1810.03259, repo PCCproject/PCC-RL), digit for digit, for comparisons.

Times are float64 seconds. A packet meets a delay and the backlog, has its `turn` at the far end, and its `ack` a delay
later. Not carried into the engine: rewards in absolute units, means over intervals instead of time, the reading 0
without samples, and intervals that overrun. The links of PCC-RL are those of wide_area.single.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.network import memory, random_stream
from evaluators.network.compiled import compiled
from evaluators.network.memory import read_float, write_float

STEPS = 400
"""Of an episode."""
LOWEST, HIGHEST = 40.0, 1000.0
"""Where the rate is kept, packets/s."""
_BITS = 8.0 * 1500.0
_STEP = 0.025
_BLOCK = 128
"""Up to this many numbers numpy adds without halving."""
_NEVER = np.inf

STATE = np.dtype(
    [(name, np.float64) for name in ("bandwidth", "delay", "limit", "loss", "rate", "clock", "backlog", "backlog_at",
                                     "next_send", "start", "length", "least")]
    + [(name, np.int64) for name in ("seed", "draws", "turns", "acks", "mask", "turn_head", "turn_tail", "ack_head",
                                     "ack_tail", "samples", "capacity", "sent", "acked", "lost", "events")]
)  # fmt: skip
"""`turns`, `acks`: addresses of rings of pairs of time and latency, negative where the packet is lost; `samples`: of
the latencies of the running interval, of which there are `acked`; `least`: smallest mean latency of a step so far."""
_state_at = memory.record_at(STATE)
_draw = random_stream.draw


@dataclass(frozen=True)
class Step:
    """What one interval gave."""

    reward: float
    features: tuple[float, ...]
    """Latency gradient, latency ratio, sending ratio."""


class CompatibilityLink:
    """One episode on one link."""

    def __init__(self, bandwidth: float, delay: float, queue: float, loss: float, rate: float, seed: int) -> None:
        """Packets/s, one-way seconds, packets, probability, packets/s, seed of the losses."""
        longest = HIGHEST * (2 * delay + queue / bandwidth) + 64
        length = 1 << int(longest).bit_length()
        self._turns, self._acks = np.zeros((length, 2)), np.zeros((length, 2))
        self._samples = np.zeros(1024)
        self._state = np.zeros(1, dtype=STATE)
        values = {
            "bandwidth": bandwidth, "delay": delay, "limit": queue / bandwidth, "loss": loss, "rate": rate,
            "next_send": 1.0 / rate, "length": 3.0 * delay, "seed": seed, "mask": length - 1,
            "turns": self._turns.ctypes.data, "acks": self._acks.ctypes.data,
        }  # fmt: skip
        for name, value in values.items():
            self._state[name] = value
        self._address = int(self._state.ctypes.data)
        for _ in range(2):
            _begin(self._address)
            self._run()

    @property
    def events(self) -> int:
        """Sends, turns and acknowledgements so far."""
        return int(self._state["events"][0])

    def step(self, action: float) -> Step:
        """Change the rate, run one interval."""
        _change(self._address, action)
        _begin(self._address)
        self._run()
        reward, *features = _finish(self._address, self._samples)
        return Step(reward, tuple(features))

    def _run(self) -> None:
        """Run one interval. The last event may lie behind its end."""
        self._locate()
        while not _advance(self._address):
            self._samples = np.concatenate([self._samples, np.zeros(len(self._samples))])
            self._locate()

    def _locate(self) -> None:
        self._state["samples"], self._state["capacity"] = self._samples.ctypes.data, len(self._samples)


@compiled
def _change(address: int, action: float) -> None:
    """Of the rate."""
    state = _state_at(address, 0)
    rate = state.rate * (1.0 + _STEP * action) if action >= 0 else state.rate / (1.0 - _STEP * action)
    state.rate = min(max(rate, LOWEST), HIGHEST)


@compiled
def _begin(address: int) -> None:
    """An interval begins."""
    state = _state_at(address, 0)
    state.sent = state.acked = state.lost = 0
    state.start = state.clock


@compiled
def _finish(address: int, samples: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Reward, latency gradient, latency ratio and sending ratio of the interval."""
    state = _state_at(address, 0)
    duration, count, lost = state.clock - state.start, state.acked, state.lost
    mean = _mean(samples, 0, count)
    if mean > 0:
        state.length = 0.5 * mean
        state.least = min(state.least, mean) if state.least > 0 else mean
    throughput = 8.0 * (1500 * count - 1500) / duration
    share = lost / (lost + count) if lost + count else 0.0
    reward = 0.001 * (10.0 * throughput / _BITS - 1000.0 * mean - 2000.0 * share)
    half, gradient = count // 2, 0.0
    if half > 0:
        gradient = (_mean(samples, half, count) - _mean(samples, 0, half)) / duration
    sent = 8.0 * 1500 * state.sent / duration
    sending = sent / throughput if throughput > 0 and sent < 1000.0 * throughput else 1.0
    return reward, gradient, mean / state.least if state.least > 0 else 1.0, sending


@compiled
def _advance(address: int) -> bool:
    """Handle events while the clock is before the interval's end; False where the samples are full."""
    state = _state_at(address, 0)
    end = state.start + state.length
    gap, service = 1.0 / state.rate, 1.0 / state.bandwidth
    turn = _head(state.turns, state.mask, state.turn_head, state.turn_tail)
    ack = _head(state.acks, state.mask, state.ack_head, state.ack_tail)
    clock, events = state.clock, 0
    while clock < end:
        if turn <= ack and turn <= state.next_send:
            clock = turn
            _turn(state, turn)
            turn = _head(state.turns, state.mask, state.turn_head, state.turn_tail)
            ack = min(ack, clock + state.delay)
        elif ack <= state.next_send:
            if state.acked >= state.capacity:
                break
            clock = ack
            _acknowledge(state)
            ack = _head(state.acks, state.mask, state.ack_head, state.ack_tail)
        else:
            clock = state.next_send
            turn = min(turn, _send(state, clock, gap, service))
        events += 1
    state.clock = clock
    state.events += events
    return bool(clock >= end)


@compiled
def _head(ring: int, mask: int, head: int, tail: int) -> float:
    """Time of a ring's first entry."""
    return float(read_float(ring, 2 * (head & mask))) if head < tail else _NEVER


@compiled
def _send(state: Any, time: float, gap: float, service: float) -> float:
    """Send a packet; when its turn is."""
    state.next_send = time + gap
    backlog = max(0.0, state.backlog - (time - state.backlog_at))
    latency = state.delay + backlog
    lost = _draw(np.uint64(state.seed), state.draws) * 2.0**-53 < state.loss
    state.draws += 1
    state.sent += 1
    if not lost:
        state.backlog, state.backlog_at = backlog, time
        if service + backlog > state.limit:
            lost = True
        else:
            state.backlog += service
    _insert(state.turns, state.mask, state.turn_head, state.turn_tail, time + latency, -latency if lost else latency)
    state.turn_tail += 1
    return float(time + latency)


@compiled
def _turn(state: Any, time: float) -> None:
    latency = read_float(state.turns, 2 * (state.turn_head & state.mask) + 1)
    state.turn_head += 1
    latency = latency + state.delay if latency > 0 else latency - state.delay
    _insert(state.acks, state.mask, state.ack_head, state.ack_tail, time + state.delay, latency)
    state.ack_tail += 1


@compiled
def _acknowledge(state: Any) -> None:
    latency = read_float(state.acks, 2 * (state.ack_head & state.mask) + 1)
    state.ack_head += 1
    if latency < 0:
        state.lost += 1
    else:
        write_float(state.samples, state.acked, latency)
        state.acked += 1


@compiled
def _insert(ring: int, mask: int, head: int, tail: int, time: float, latency: float) -> None:
    """Keep a ring in order of time, latency, and lost packets last. Only rounding ever puts one before the last."""
    place = tail
    while place > head:
        before = 2 * ((place - 1) & mask)
        other_time, other = read_float(ring, before), read_float(ring, before + 1)
        if other_time < time or (other_time == time and (abs(other), other < 0) <= (abs(latency), latency < 0)):
            break
        write_float(ring, 2 * (place & mask), other_time)
        write_float(ring, 2 * (place & mask) + 1, other)
        place -= 1
    write_float(ring, 2 * (place & mask), time)
    write_float(ring, 2 * (place & mask) + 1, latency)


@compiled
def _mean(numbers: NDArray[np.float64], begin: int, end: int) -> float:
    """As numpy's: a pairwise sum over blocks, divided by the count; 0 of nothing."""
    if end == begin:
        return 0.0
    starts, counts, stages = np.zeros(64, np.int64), np.zeros(64, np.int64), np.zeros(64, np.int64)
    partial = np.zeros(64)
    starts[0], counts[0], top, result = begin, end - begin, 0, 0.0
    while top >= 0:
        if counts[top] <= _BLOCK:
            result = _block(numbers, starts[top], counts[top])
            top -= 1
        elif stages[top] == 2:
            result = partial[top] + result
            top -= 1
        else:
            half = counts[top] // 2
            half -= half % 8
            if stages[top] == 1:
                partial[top] = result
            starts[top + 1] = starts[top] + half * stages[top]
            counts[top + 1] = half if stages[top] == 0 else counts[top] - half
            stages[top + 1] = 0
            stages[top] += 1
            top += 1
    return float(result / (end - begin))


@compiled
def _block(numbers: NDArray[np.float64], begin: int, count: int) -> float:
    """Eight sums side by side, then what is left."""
    if count < 8:
        total = 0.0
        for place in range(begin, begin + count):
            total += numbers[place]
        return float(total)
    sums = np.zeros(8)
    whole = count - count % 8
    for place in range(whole):
        sums[place % 8] += numbers[begin + place]
    total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    for place in range(begin + whole, begin + count):
        total += numbers[place]
    return float(total)
