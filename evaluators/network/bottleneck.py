"""The link: random loss, a droptail queue in bytes, a server whose rate is piecewise constant.

A packet reaches the queue when it is sent; all propagation lies behind the link. Departures change nothing that a
sender could see before its next event, so they are made up for when the next packet arrives or a stamp is needed.
"""

from typing import Any

import numpy as np

from evaluators.network import random_stream
from evaluators.network.compiled import compiled
from evaluators.network.layout import LEVELS, SECOND
from evaluators.network.memory import entry_at, flow_at, link_at, read, stamp_at, write

_draw = random_stream.draw


@compiled
def _account(state: Any, link: Any, number: int, time: int) -> None:
    """Integrate the queue up to a time."""
    if link.queued > 0:
        passed = time - max(link.clock, link.measured_from)
        if passed > 0:
            link.area += link.queued * passed
            level = number * LEVELS + min(link.queued >> link.level_shift, LEVELS - 1)
            write(state.levels, level, read(state.levels, level) + passed)
    link.clock = time


@compiled
def drain(state: Any, number: int, time: int) -> None:
    """Let all packets depart whose last bit is out at a time."""
    link = link_at(state.links, number)
    while link.departed < link.accepted:
        slot = link.ring_offset + (link.departed & link.ring_mask)
        entry = entry_at(state.ring, slot)
        finish = entry.finish
        if finish > time:
            return
        _account(state, link, number, finish)
        link.queued -= entry.size
        link.bytes_out += entry.size
        link.departed += 1
        while finish >= link.slice_end and link.slice_index < link.slice_last:
            link.slice_index += 1
            link.slice_end += link.slice_length
        part = entry.flow * state.slices_each + link.slice_index
        write(state.slices, part, read(state.slices, part) + entry.size)
        flow = flow_at(state.flows, entry.flow)
        flow.departed += entry.size
        flow.departed_packets += 1
        if link.stamped:
            stamp = stamp_at(state.stamps, slot)
            stamp.marked = 1 if link.queued > link.mark_above else 0
            if link.telemetry:
                stamp.queue = link.queued
                stamp.bytes_in = link.bytes_in
                stamp.bytes_out = link.bytes_out


@compiled
def settle(state: Any, number: int, time: int) -> None:
    """All departures up to a time, and the queue integrated up to it."""
    drain(state, number, time)
    _account(state, link_at(state.links, number), number, time)


@compiled
def has_room(state: Any, number: int) -> bool:
    """Whether the ring has a place; places of acknowledged packets are taken back."""
    link = link_at(state.links, number)
    while (
        link.floor < link.departed and entry_at(state.ring, link.ring_offset + (link.floor & link.ring_mask)).flow < 0
    ):
        link.floor += 1
    return bool(link.accepted - link.floor <= link.ring_mask)


@compiled
def _serve(state: Any, link: Any, start: int, size: int) -> int:
    """Nanoseconds of service of a packet; what a division leaves is carried to the next packet at the same rate."""
    last = link.rate_last - 1
    changed = False
    while link.rate_index < last and read(state.rates, 2 * (link.rate_index + 1)) <= start:
        link.rate_index += 1
        changed = True
    if changed or link.rate == 0:
        rate = read(state.rates, 2 * link.rate_index + 1)
        if rate != link.rate:
            link.rate = rate
            link.carry = 0
            link.packet_size = 0
    if size != link.packet_size:
        link.packet_size = size
        link.quotient = size * 8 * SECOND // link.rate
        link.remainder = size * 8 * SECOND - link.quotient * link.rate
    duration = link.quotient
    link.carry += link.remainder
    if link.carry >= link.rate:
        link.carry -= link.rate
        duration += 1
    return int(duration)


@compiled
def arrive(state: Any, flow_index: int, packet: int, size: int, time: int) -> int:
    """A packet reaches the queue: its place in the ring, or -1 where it is lost or dropped."""
    flow = flow_at(state.flows, flow_index)
    number = flow.link
    link = link_at(state.links, number)
    drain(state, number, time)
    if flow.loss_threshold > 0 and _draw(np.uint64(flow.loss_seed), packet) < flow.loss_threshold:
        flow.random_lost += 1
        return -1
    if flow.loss_every > 0 and (packet + 1) % flow.loss_every == 0:
        flow.random_lost += 1
        return -1
    _account(state, link, number, time)
    link.arrived += 1
    if link.queued + size > link.limit:
        flow.dropped += 1
        link.dropped += 1
        return -1
    start = max(time, link.busy)
    link.busy = start + _serve(state, link, start, size)
    link.queued += size
    link.bytes_in += size
    place = link.accepted
    link.accepted += 1
    entry = entry_at(state.ring, link.ring_offset + (place & link.ring_mask))
    entry.finish = link.busy
    entry.sent = time
    entry.number = packet
    entry.next = -1
    entry.flow = flow_index
    entry.size = size
    if flow.tail >= 0:
        entry_at(state.ring, link.ring_offset + (flow.tail & link.ring_mask)).next = place
    if flow.head < 0:
        flow.head = place
    flow.tail = place
    return int(place)
