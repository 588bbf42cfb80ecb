"""BBR version 1 (ACM Queue 14(5), 2016; constants as in Linux): rates in bit/s, windows in bytes, times in ns.

Left out: policer detection, and the allowance for aggregated acknowledgements.
"""

from typing import Any

import numpy as np

from evaluators.network import memory, random_stream
from evaluators.network.compiled import compiled
from evaluators.network.layout import OWN as WORDS
from evaluators.network.layout import SECOND
from evaluators.network.memory import entry_at, flow_at, link_at, read, stamp_at, write

OWN = np.dtype(
    [("mode", np.int64), ("delivered_at", np.int64), ("first_sent", np.int64), ("rounds", np.int64),
     ("round_ends", np.int64), ("bandwidth", np.int64), ("full_bandwidth", np.int64), ("full_count", np.int64),
     ("full", np.int64), ("least_rtt", np.int64), ("least_rtt_at", np.int64), ("phase", np.int64),
     ("phase_at", np.int64), ("probe_until", np.int64), ("probe_round", np.int64), ("window_before", np.int64)]
)  # fmt: skip
"""`round_ends`: bytes delivered at which the next round begins; `full`: whether the pipe has been filled."""
own_at = memory.own_record(OWN)
_BANDWIDTHS = 24
"""Place of the largest rate of each of the last rounds among a flow's own numbers."""
_ROUNDS = 10
_STARTUP, _DRAIN, _PROBE_BANDWIDTH, _PROBE_RTT = range(4)
_HIGH = 2.885
_UP, _DOWN = 1.25, 0.75
_WINDOW_GAIN = 2.0
_MARGIN = 0.99
_MEMORY = 10 * SECOND
_PROBE = SECOND // 5
_LEAST = 4
_FIRST = 10
_draw = random_stream.draw


@compiled
def begin(state: Any, index: int) -> None:
    """Startup from ten packets, paced as if the round-trip time were 1 ms."""
    flow = flow_at(state.flows, index)
    own = own_at(state.own, index)
    own.mode = _STARTUP
    flow.window = _FIRST * flow.size
    flow.rate = int(_HIGH * flow.window * 8 * 1000)


@compiled
def on_send(state: Any, index: int, place: int, time: int, alone: bool) -> None:
    """Note in the packet what had been delivered when it was sent (draft-cheng-iccrg-delivery-rate-estimation)."""
    own = own_at(state.own, index)
    if alone:
        own.delivered_at = own.first_sent = time
    if place < 0:
        return
    flow = flow_at(state.flows, index)
    link = link_at(state.links, flow.link)
    stamp = stamp_at(state.stamps, link.ring_offset + (place & link.ring_mask))
    stamp.delivered = flow.delivered
    stamp.delivered_at = own.delivered_at
    stamp.first_sent = own.first_sent


@compiled
def on_ack(state: Any, index: int, slot: int, size: int, round_trip: int, lost: int, time: int) -> None:
    """Update the model of the path, then pacing rate and window."""
    flow = flow_at(state.flows, index)
    own = own_at(state.own, index)
    started = _sample(state, index, slot, time)
    if own.mode == _PROBE_BANDWIDTH:
        _cycle(flow, own, lost, time)
    if started and own.full == 0:
        _check_full(own)
    if own.mode == _STARTUP and own.full == 1:
        own.mode = _DRAIN
    if own.mode == _DRAIN and flow.inflight <= _product(own, 1.0):
        _probe_bandwidth(state, index, time)
    _probe_rtt(state, index, round_trip, started, time)
    _apply(flow, own, size)


@compiled
def on_timeout(state: Any, index: int) -> None:
    """Look for the bandwidth anew."""
    own = own_at(state.own, index)
    own.full_bandwidth = 0
    own.full_count = 0


@compiled
def _sample(state: Any, index: int, slot: int, time: int) -> bool:
    """Take a delivery rate; whether a round begins."""
    flow = flow_at(state.flows, index)
    own = own_at(state.own, index)
    entry, stamp = entry_at(state.ring, slot), stamp_at(state.stamps, slot)
    started = stamp.delivered >= own.round_ends
    rates = state.own + 8 * (WORDS * index + _BANDWIDTHS)
    if started:
        own.round_ends = flow.delivered
        own.rounds += 1
        write(rates, own.rounds % _ROUNDS, 0)
    elapsed = max(entry.sent - stamp.first_sent, time - stamp.delivered_at)
    if elapsed > 0 and (own.least_rtt == 0 or elapsed >= own.least_rtt):
        rate = (flow.delivered - stamp.delivered) * 8 * SECOND // elapsed
        if rate > read(rates, own.rounds % _ROUNDS):
            write(rates, own.rounds % _ROUNDS, rate)
    own.bandwidth = 0
    for place in range(_ROUNDS):
        own.bandwidth = max(own.bandwidth, read(rates, place))
    own.delivered_at = time
    own.first_sent = entry.sent
    return bool(started)


@compiled
def _product(own: Any, gain: float) -> int:
    """Bytes of the bandwidth-delay product."""
    return int(gain * own.bandwidth * own.least_rtt / (8 * SECOND))


@compiled
def _check_full(own: Any) -> None:
    """The pipe is full after three rounds that grow less than a quarter."""
    if own.bandwidth >= own.full_bandwidth * 1.25:
        own.full_bandwidth = own.bandwidth
        own.full_count = 0
    else:
        own.full_count += 1
        if own.full_count >= 3:
            own.full = 1


@compiled
def _probe_bandwidth(state: Any, index: int, time: int) -> None:
    """Begin in a random phase, but not in the one that drains."""
    flow = flow_at(state.flows, index)
    own = own_at(state.own, index)
    chosen = _draw(np.uint64(flow.loss_seed), 2**40 + own.rounds) % 7
    own.mode = _PROBE_BANDWIDTH
    own.phase = 0 if chosen == 0 else chosen + 1
    own.phase_at = time


@compiled
def _cycle(flow: Any, own: Any, lost: int, time: int) -> None:
    """Eight phases of at least one least round-trip time each."""
    passed = time - own.phase_at > own.least_rtt
    if own.phase == 0:
        passed = passed and (lost > 0 or flow.inflight >= _product(own, _UP))
    elif own.phase == 1:
        passed = passed or flow.inflight <= _product(own, 1.0)
    if passed:
        own.phase = (own.phase + 1) % 8
        own.phase_at = time


@compiled
def _probe_rtt(state: Any, index: int, round_trip: int, started: bool, time: int) -> None:
    """Four packets for a moment where the least round-trip time has not been seen for 10 s."""
    flow = flow_at(state.flows, index)
    own = own_at(state.own, index)
    expired = own.least_rtt > 0 and time > own.least_rtt_at + _MEMORY
    if own.least_rtt == 0 or round_trip <= own.least_rtt or expired:
        own.least_rtt = round_trip
        own.least_rtt_at = time
    if expired and own.mode != _PROBE_RTT:
        own.mode = _PROBE_RTT
        own.window_before = flow.window
        own.probe_until = 0
    if own.mode != _PROBE_RTT:
        return
    if own.probe_until == 0:
        if flow.inflight <= _LEAST * flow.size:
            own.probe_until = time + _PROBE
            own.probe_round = 0
            own.round_ends = flow.delivered
    else:
        if started:
            own.probe_round = 1
        if own.probe_round == 1 and time > own.probe_until:
            own.least_rtt_at = time
            flow.window = max(flow.window, own.window_before)
            if own.full == 1:
                _probe_bandwidth(state, index, time)
            else:
                own.mode = _STARTUP


@compiled
def _apply(flow: Any, own: Any, size: int) -> None:
    gain, window_gain = 1.0, _WINDOW_GAIN
    if own.mode == _STARTUP:
        gain = window_gain = _HIGH
    elif own.mode == _DRAIN:
        gain, window_gain = 1.0 / _HIGH, _HIGH
    elif own.mode == _PROBE_BANDWIDTH and own.phase < 2:
        gain = _UP if own.phase == 0 else _DOWN
    rate = int(gain * own.bandwidth * _MARGIN)
    if rate > 0 and (own.full == 1 or rate > flow.rate or flow.delivered == size):
        flow.rate = rate
    target = _product(own, window_gain)
    if own.full == 1:
        flow.window = min(flow.window + size, target)
    elif flow.window < target or flow.delivered < _FIRST * flow.size:
        flow.window += size
    flow.window = max(flow.window, _LEAST * flow.size)
    if own.mode == _PROBE_RTT:
        flow.window = min(flow.window, _LEAST * flow.size)
