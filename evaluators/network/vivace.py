"""PCC Vivace (NSDI 2018; constants of repo PCCproject/PCC-Uspace): rates in bit/s, in utilities Mbit/s, times in ns.

Monitor intervals of a round-trip time are planned, sent one after the other, and decided upon once all of them are
acknowledged or lost; in the meantime the flow goes on at its rate.
"""

from typing import Any

import numpy as np

from evaluators.network import memory, random_stream
from evaluators.network.compiled import compiled
from evaluators.network.layout import NEVER, SECOND, UNLIMITED
from evaluators.network.layout import OWN as WORDS
from evaluators.network.memory import flow_at

OWN = np.dtype(
    [("mode", np.int64), ("planned", np.int64), ("begun", np.int64), ("sending", np.int64), ("highest", np.int64),
     ("direction", np.int64), ("rounds", np.int64), ("hits", np.int64), ("draws", np.int64),
     ("rate", np.float64), ("utility", np.float64), ("utility_rate", np.float64)]
)  # fmt: skip
"""`begun`: of the planned intervals; `sending`: whether the last one of these goes on; `highest`: packet acknowledged;
`utility`: the best one known, at `utility_rate`."""
INTERVAL = np.dtype(
    [("first", np.int64), ("end", np.int64), ("start", np.int64), ("acked", np.int64), ("rate", np.float64),
     ("times", np.float64), ("delays", np.float64), ("squares", np.float64), ("products", np.float64)]
)  # fmt: skip
"""Packets `first` .. `end` - 1; sums over acknowledgements of time sent, round-trip time, and their products, in s."""
own_at = memory.own_record(OWN)
_interval_at = memory.record_at(INTERVAL)
_INTERVALS = 16
"""Place of the planned intervals among a flow's own numbers."""
_START, _PROBE, _MOVE = range(3)
_PAIRS = 3
_PROBED = 0.05
_EXPONENT, _LATENCY, _LOSS = 0.9, 900.0, 11.35
_FIRST = 1e6
_LEAST_STEP = 5e5
_LIMIT = 0.05
_GROWTH = 1.2
_PACKETS = 10
_MEGA = 1e6
_REORDERING = 3
_draw = random_stream.draw


@compiled
def begin(state: Any, index: int) -> None:
    """Start by doubling, from 1 Mbit/s."""
    flow, own = flow_at(state.flows, index), own_at(state.own, index)
    own.mode = _START
    own.rate = _FIRST
    own.utility = -np.inf
    own.highest = -1
    flow.window = UNLIMITED
    _plan(state, index, 1, flow.start)


@compiled
def on_ack(state: Any, index: int, packet: int, round_trip: int, time: int) -> None:
    """Note the sample in its interval; decide if that was the last one missing."""
    own = own_at(state.own, index)
    own.highest = packet
    for place in range(own.begun):
        interval = _interval(state, index, place)
        if interval.first <= packet and (interval.end < 0 or packet < interval.end):
            sent, delay = (time - round_trip - interval.start) / SECOND, round_trip / SECOND
            interval.acked += 1
            interval.times += sent
            interval.delays += delay
            interval.squares += sent * sent
            interval.products += sent * delay
    _decide_if_known(state, index, time)


@compiled
def on_timer(state: Any, index: int, time: int) -> None:
    """An interval ends: the next planned one begins, or the flow goes on at its rate."""
    flow, own = flow_at(state.flows, index), own_at(state.own, index)
    _interval(state, index, own.begun - 1).end = flow.sent
    if own.begun < own.planned:
        _begin_interval(state, index, time)
        return
    own.sending = 0
    flow.timer = NEVER
    flow.rate = int(own.rate)
    _decide_if_known(state, index, time)


@compiled
def on_timeout(state: Any, index: int, time: int) -> None:
    """All that was sent counts as lost."""
    own_at(state.own, index).highest = flow_at(state.flows, index).sent + _REORDERING
    _decide_if_known(state, index, time)


@compiled
def _interval(state: Any, index: int, place: int) -> Any:
    return _interval_at(state.own + 8 * (WORDS * index + _INTERVALS), place)


@compiled
def _plan(state: Any, index: int, intervals: int, time: int) -> None:
    """Begin the first of so many intervals."""
    own = own_at(state.own, index)
    own.planned = intervals
    own.begun = 0
    _begin_interval(state, index, time)


@compiled
def _begin_interval(state: Any, index: int, time: int) -> None:
    """At the rate, or where rates are probed, a little above and below it in random order."""
    flow, own = flow_at(state.flows, index), own_at(state.own, index)
    interval = _interval(state, index, own.begun)
    interval.rate = own.rate
    if own.mode == _PROBE:
        if own.begun % 2 == 0:
            own.draws += 1
        above = (_draw(np.uint64(flow.loss_seed), 2**41 + own.draws) + own.begun) % 2
        interval.rate = own.rate * (1.0 + _PROBED if above else 1.0 - _PROBED)
    interval.first, interval.end, interval.start, interval.acked = flow.sent, -1, time, 0
    interval.times = interval.delays = interval.squares = interval.products = 0.0
    own.begun += 1
    own.sending = 1
    flow.rate = int(interval.rate)
    flow.timer = time + max(flow.srtt, int(_PACKETS * flow.size * 8 * SECOND / interval.rate))


@compiled
def _utility(interval: Any) -> float:
    """r^0.9 - 900 r max(0, dRTT/dt) - 11.35 r loss (section 4.2), with r in Mbit/s."""
    rate, count = interval.rate / _MEGA, interval.acked
    sent = max(1, interval.end - interval.first)
    spread = count * interval.squares - interval.times**2
    slope = (count * interval.products - interval.times * interval.delays) / spread if spread > 0 else 0.0
    return float(rate**_EXPONENT - _LATENCY * rate * max(0.0, slope) - _LOSS * rate * (sent - count) / sent)


@compiled
def _decide_if_known(state: Any, index: int, time: int) -> None:
    """Decide once every planned interval is sent, and acknowledged or lost."""
    own = own_at(state.own, index)
    if own.sending == 1:
        return
    for place in range(own.planned):
        interval = _interval(state, index, place)
        if interval.acked < interval.end - interval.first and own.highest < interval.end - 1 + _REORDERING:
            return
    if own.mode == _PROBE:
        _compare(state, index, time)
        return
    interval = _interval(state, index, 0)
    utility = _utility(interval)
    if utility < own.utility or (own.mode == _MOVE and interval.rate == own.utility_rate):
        own.rate = own.utility_rate
        own.mode = _PROBE
        _plan(state, index, 2 * _PAIRS, time)
        return
    if own.mode == _START:
        _change(state, index, 2.0 * own.rate)
    else:
        own.rounds += 1
        _step(state, index, (utility - own.utility) / (interval.rate - own.utility_rate))
    own.utility, own.utility_rate = utility, interval.rate
    _plan(state, index, 1, time)


@compiled
def _compare(state: Any, index: int, time: int) -> None:
    """Three pairs vote: up on a majority, down only if all agree, else once more (section 4.3)."""
    own = own_at(state.own, index)
    votes, slope, above, below = 0, 0.0, 0.0, 0.0
    for pair in range(_PAIRS):
        one, other = _interval(state, index, 2 * pair), _interval(state, index, 2 * pair + 1)
        first, second = _utility(one), _utility(other)
        if one.rate < other.rate:
            first, second = second, first
        votes += 1 if first > second else -1
        slope += (first - second) / abs(one.rate - other.rate) / _PAIRS
        above += first / _PAIRS
        below += second / _PAIRS
    if votes < 0 and votes > -_PAIRS:
        _plan(state, index, 2 * _PAIRS, time)
        return
    own.direction = 1 if votes > 0 else -1
    own.mode = _MOVE
    own.rounds = 1
    own.hits = 0
    own.utility = above if votes > 0 else below
    own.utility_rate = own.rate * (1.0 + own.direction * _PROBED)
    _step(state, index, slope)
    _plan(state, index, 1, time)


@compiled
def _step(state: Any, index: int, slope: float) -> None:
    """Move along the slope of the utility, faster the longer the direction is kept, within a limit that grows."""
    own = own_at(state.own, index)
    confidence = float((own.rounds + 1) // 2) ** _GROWTH
    step = abs(slope) * _MEGA * _MEGA * confidence
    limit = (_LIMIT + _LIMIT * own.hits) * own.rate
    if step > limit:
        step = limit
        own.hits += 1
    else:
        own.hits = 0
    _change(state, index, own.rate + own.direction * max(step, _LEAST_STEP))


@compiled
def _change(state: Any, index: int, rate: float) -> None:
    flow = flow_at(state.flows, index)
    own_at(state.own, index).rate = min(max(rate, float(flow.rate_low)), float(flow.rate_high))
