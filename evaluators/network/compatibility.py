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
                                     "next_send")]
    + [(name, np.int64) for name in ("seed", "draws", "turns", "acks", "mask", "turn_head", "turn_tail", "ack_head",
                                     "ack_tail", "samples", "capacity", "sent", "acked", "lost", "events")]
)  # fmt: skip
"""`turns`, `acks`: addresses of rings of pairs of time and latency, negative where the packet is lost; `samples`: of
the latencies of the running interval, of which there are `acked`."""
_state_at = memory.record_at(STATE)
_draw = random_stream.draw


@dataclass(frozen=True)
class Step:
    """What one interval gave."""

    reward: float
    features: tuple[float, float, float]
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
            "next_send": 1.0 / rate, "seed": seed, "mask": length - 1, "turns": self._turns.ctypes.data,
            "acks": self._acks.ctypes.data,
        }  # fmt: skip
        for name, value in values.items():
            self._state[name] = value
        self._length = 3.0 * delay
        self._least = 0.0
        for _ in range(2):
            self._run()

    @property
    def events(self) -> int:
        """Sends, turns and acknowledgements so far."""
        return int(self._state["events"][0])

    def step(self, action: float) -> Step:
        """Change the rate, run one interval."""
        state = self._state[0]
        rate = state["rate"] * (1.0 + _STEP * action) if action >= 0 else state["rate"] / (1.0 - _STEP * action)
        state["rate"] = min(max(rate, LOWEST), HIGHEST)
        duration = self._run()
        count, lost = int(state["acked"]), int(state["lost"])
        mean = float(_mean(self._samples, 0, count))
        if mean > 0:
            self._length = 0.5 * mean
            self._least = min(self._least, mean) if self._least > 0 else mean
        throughput = 8.0 * (1500 * count - 1500) / duration
        share = lost / (lost + count) if lost + count else 0.0
        reward = 0.001 * (10.0 * throughput / _BITS - 1000.0 * mean - 2000.0 * share)
        half, gradient = count // 2, 0.0
        if half:
            gradient = (_mean(self._samples, half, count) - _mean(self._samples, 0, half)) / duration
        sent = 8.0 * 1500 * int(state["sent"]) / duration
        ratio = sent / throughput if throughput > 0 and sent < 1000.0 * throughput else 1.0
        return Step(reward, (gradient, mean / self._least if self._least > 0 else 1.0, ratio))

    def _run(self) -> float:
        """Run one interval; its duration. The last event may lie behind its end."""
        state = self._state[0]
        state["sent"] = state["acked"] = state["lost"] = 0
        start = float(state["clock"])
        self._locate()
        while not _advance(self._state.ctypes.data, start + self._length):
            self._samples = np.concatenate([self._samples, np.zeros(len(self._samples))])
            self._locate()
        return float(state["clock"]) - start

    def _locate(self) -> None:
        self._state["samples"], self._state["capacity"] = self._samples.ctypes.data, len(self._samples)


@compiled
def _advance(address: int, end: float) -> bool:
    """Handle events while the clock is before the end; False where the samples are full."""
    state = _state_at(address, 0)
    while state.clock < end:
        turn = ack = _NEVER
        if state.turn_head < state.turn_tail:
            turn = read_float(state.turns, 2 * (state.turn_head & state.mask))
        if state.ack_head < state.ack_tail:
            ack = read_float(state.acks, 2 * (state.ack_head & state.mask))
        if turn <= ack and turn <= state.next_send:
            _turn(state, turn)
        elif ack <= state.next_send:
            if state.acked >= state.capacity:
                return False
            _acknowledge(state, ack)
        else:
            _send(state)
        state.events += 1
    return True


@compiled
def _send(state: Any) -> None:
    time = state.next_send
    state.clock = time
    state.next_send = time + 1.0 / state.rate
    backlog = max(0.0, state.backlog - (time - state.backlog_at))
    latency = state.delay + backlog
    lost = _draw(np.uint64(state.seed), state.draws) * 2.0**-53 < state.loss
    state.draws += 1
    state.sent += 1
    if not lost:
        state.backlog, state.backlog_at = backlog, time
        service = 1.0 / state.bandwidth
        if service + backlog > state.limit:
            lost = True
        else:
            state.backlog += service
    _insert(state.turns, state.mask, state.turn_head, state.turn_tail, time + latency, -latency if lost else latency)
    state.turn_tail += 1


@compiled
def _turn(state: Any, time: float) -> None:
    state.clock = time
    latency = read_float(state.turns, 2 * (state.turn_head & state.mask) + 1)
    state.turn_head += 1
    latency = latency + state.delay if latency > 0 else latency - state.delay
    _insert(state.acks, state.mask, state.ack_head, state.ack_tail, time + state.delay, latency)
    state.ack_tail += 1


@compiled
def _acknowledge(state: Any, time: float) -> None:
    state.clock = time
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
