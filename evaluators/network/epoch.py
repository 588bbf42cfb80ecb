"""Epochs of a datacentre flow: acknowledgements are gathered and reported together, and a policy answers with a window.

Reports instead of single acknowledgements: CCP (SIGCOMM 2018). Telemetry stamps: HPCC (SIGCOMM 2019).
"""

from math import nan
from typing import Any

from evaluators.network.compiled import compiled
from evaluators.network.layout import EPOCH, HISTORY, SECOND, WAITING
from evaluators.network.memory import entry_at, flow_at, link_at, stamp_at, write_float

FIELDS = (
    "elapsed", "acks", "acked", "rtt_last", "rtt_mean", "rtt_min", "rtt_gradient", "queue", "queue_gradient",
    "transmit_rate", "arrival_rate", "marked", "lost", "inflight", "window", "window_then",
)  # fmt: skip
"""Of a sample, in this order. Times in base round-trip times, bytes in bandwidth-delay products, rates in link's."""
_LEAST, _MOST = 0.001, 4.0


@compiled
def take(state: Any, flow: Any, slot: int, round_trip: int, size: int, lost: int, time: int) -> None:
    """Note one acknowledgement."""
    flow.acks += 1
    flow.bytes_acked += size
    flow.rtt_last = round_trip
    flow.rtt_last_at = time
    flow.rtt_epoch_sum += round_trip
    flow.rtt_min = min(flow.rtt_min, round_trip) if flow.acks > 1 else round_trip
    flow.lost_new += lost
    stamp = stamp_at(state.stamps, slot)
    flow.window_then = stamp.window
    flow.marked += stamp.marked
    flow.stamp_queue = stamp.queue
    flow.stamp_in = stamp.bytes_in
    flow.stamp_out = stamp.bytes_out
    flow.stamp_time = entry_at(state.ring, slot).finish


@compiled
def end(state: Any, number: int, time: int) -> bool:
    """The end of an epoch of a link: whether any flow is to be asked."""
    link = link_at(state.links, number)
    asked = False
    for index in range(link.first, link.first + link.flows):
        flow = flow_at(state.flows, index)
        if flow.kind == EPOCH and flow.acks > 0 and flow.completed < 0:
            _observe(state, index, flow, time)
            flow.waiting = 1
            asked = True
    link.next_epoch = time + link.epoch
    if asked:
        link.status = WAITING
    return asked


@compiled
def _observe(state: Any, index: int, flow: Any, time: int) -> None:
    """Write the sample and begin the next one."""
    row = index * HISTORY
    base, link = float(flow.base), link_at(state.links, flow.link)
    card = float(flow.rate_high)
    product = card * base / (8 * SECOND)
    write_float(state.history, row + 0, (time - flow.decided) / base)
    write_float(state.history, row + 1, flow.acks)
    write_float(state.history, row + 2, flow.bytes_acked / product)
    write_float(state.history, row + 3, flow.rtt_last / base)
    write_float(state.history, row + 4, flow.rtt_epoch_sum / flow.acks / base)
    write_float(state.history, row + 5, flow.rtt_min / base)
    between = flow.rtt_last_at - flow.rtt_used_at
    write_float(
        state.history, row + 6, (flow.rtt_last - flow.rtt_used) / between if flow.rtt_used > 0 and between > 0 else 0.0
    )
    distance = flow.stamp_time - flow.used_time
    for place in range(7, 11):
        write_float(state.history, row + place, 0.0 if link.telemetry else nan)
    if link.telemetry:
        write_float(state.history, row + 7, flow.stamp_queue / product)
        if flow.used_time > 0 and distance > 0:
            scale = 8.0 * SECOND / (distance * card)
            write_float(state.history, row + 8, (flow.stamp_queue - flow.used_queue) * scale)
            write_float(state.history, row + 9, (flow.stamp_out - flow.used_out) * scale)
            write_float(state.history, row + 10, (flow.stamp_in - flow.used_in) * scale)
    write_float(state.history, row + 11, flow.marked / flow.acks)
    write_float(state.history, row + 12, flow.lost_new)
    write_float(state.history, row + 13, flow.inflight / product)
    write_float(state.history, row + 14, flow.window / product)
    write_float(state.history, row + 15, flow.window_then / product)
    flow.rtt_used, flow.rtt_used_at = flow.rtt_last, flow.rtt_last_at
    flow.used_queue, flow.used_in, flow.used_out = flow.stamp_queue, flow.stamp_in, flow.stamp_out
    flow.used_time = flow.stamp_time
    flow.decided = time
    flow.acks = 0
    flow.bytes_acked = 0
    flow.rtt_epoch_sum = 0
    flow.marked = 0
    flow.lost_new = 0


@compiled
def act(flow: Any, window: float) -> None:
    """Set the window, in bandwidth-delay products, and the pacing rate; what is out of range is cut and counted."""
    flow.decisions += 1
    if window < _LEAST or window > _MOST:
        flow.clamped += 1
        window = min(max(window, _LEAST), _MOST)
    set_window(flow, window * float(flow.rate_high) * flow.base / (8 * SECOND))


@compiled
def set_window(flow: Any, window: float) -> None:
    """Set a window of bytes, paced over one base round-trip time but never faster than the card."""
    flow.window = int(window)
    flow.rate = min(int(window * 8 * SECOND / flow.base), flow.rate_high)
