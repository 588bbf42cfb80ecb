"""Monitor intervals of a paced flow (Aurora, arXiv 1810.03259, sections 3, 4): what a policy sees, and its answer."""

from typing import Any

import numpy as np

from evaluators.network import perceptron_machine, rule_machine
from evaluators.network.compiled import compiled
from evaluators.network.layout import HISTORY, SECOND, WAITING
from evaluators.network.memory import flow_at, link_at, read, read_float, write, write_float

_MOST_RATIO = 1000.0
_STEP = 0.025
_MOST_ACTION = 40.0
_WARM = 2
_LONGEST = 10 * SECOND
_PACKETS = 5


@compiled
def begin(flow: Any, time: int, length: int) -> None:
    """Start an interval."""
    flow.interval_start = time
    flow.interval_length = length
    flow.interval_sent = 0
    flow.interval_acked = 0
    flow.interval_sum = 0
    flow.timer = time + length


@compiled
def take(state: Any, flow: Any, round_trip: int) -> None:
    """Note one acknowledgement."""
    write(state.samples, flow.sample_offset + flow.interval_acked, round_trip)
    flow.interval_acked += 1
    flow.interval_sum += round_trip


@compiled
def end(state: Any, index: int, time: int) -> bool:
    """End the interval; whether the policy is to be asked. Otherwise the next interval has begun."""
    flow = flow_at(state.flows, index)
    if flow.interval_acked > 0:
        flow.last_sum = flow.interval_sum
        flow.last_count = flow.interval_acked
    if flow.warm < _WARM:
        flow.warm += 1
        following = flow.interval_length if flow.warm < _WARM else next_length(flow)
        begin(flow, time, following)
        return False
    _observe(state, index, flow)
    if state.program != 0:
        _follow(flow, rule_machine.decide(state, index), time)
        return False
    if state.network != 0:
        _follow(flow, perceptron_machine.decide(state, index), time)
        return False
    flow.waiting = 1
    link_at(state.links, flow.link).status = WAITING
    return True


@compiled
def _follow(flow: Any, answer: float, time: int) -> None:
    """Do as a rule or a network says; an answer that is no number is counted, and changes nothing."""
    if answer != answer:
        flow.undefined += 1
        answer = 0.0
    act(flow, answer, time)


@compiled
def next_length(flow: Any) -> int:
    """Half of the mean round-trip time of the last interval that had samples, at least five packets, at most 10 s."""
    length = flow.interval_length if flow.last_count == 0 else flow.last_sum // (2 * flow.last_count)
    return int(min(max(length, _PACKETS * flow.size * 8 * SECOND // flow.rate), _LONGEST))


@compiled
def _observe(state: Any, index: int, flow: Any) -> None:
    """Shift the history and add the interval's three features."""
    count = flow.interval_acked
    gradient = 0.0
    if count >= 2:
        half = count // 2
        first = 0
        for sample in range(half):
            first += read(state.samples, flow.sample_offset + sample)
        second = flow.interval_sum - first
        gradient = (second / (count - half) - first / half) / flow.interval_length
    if count > 0:
        mean = flow.interval_sum / count
        flow.least_mean = min(flow.least_mean, mean)
        flow.ratio = mean / flow.least_mean
    if count > 0:
        sending = min(flow.interval_sent / count, _MOST_RATIO)
    else:
        sending = 1.0 if flow.interval_sent == 0 else _MOST_RATIO
    row = index * HISTORY
    for place in range(row, row + HISTORY - 3):
        write_float(state.history, place, read_float(state.history, place + 3))
    row += HISTORY - 3
    write_float(state.history, row, gradient)
    write_float(state.history, row + 1, flow.ratio)
    write_float(state.history, row + 2, sending)


@compiled
def act(flow: Any, action: float, time: int) -> None:
    """Change the rate and begin the next interval."""
    steer(flow, action)
    begin(flow, time, next_length(flow))


@compiled
def steer(flow: Any, action: float) -> None:
    """Change the rate; actions beyond 40 are cut and counted."""
    flow.decisions += 1
    if abs(action) > _MOST_ACTION:
        flow.clamped += 1
        action = _MOST_ACTION if action > 0 else -_MOST_ACTION
    rate = flow.rate * (1.0 + _STEP * action) if action >= 0 else flow.rate / (1.0 - _STEP * action)
    flow.rate = np.int64(min(max(rate, float(flow.rate_low)), float(flow.rate_high)))
