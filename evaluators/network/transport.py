"""A sender: pacing and windows, acknowledgements, declared losses, time-outs (RFC 6298 for the smoothed times)."""

from typing import Any

from evaluators.network import algorithms, bottleneck, epoch, monitor
from evaluators.network.compiled import compiled
from evaluators.network.layout import (
    ACK,
    EPOCH,
    LEVELS,
    LOSSES_FULL,
    MONITOR,
    NEVER,
    RING_FULL,
    RUNNING,
    SAMPLES_FULL,
    SECOND,
    SEND,
    TIMER,
)
from evaluators.network.memory import entry_at, flow_at, link_at, read, stamp_at, write

_REORDERING = 3
"""Packet n is lost when n + 3 or a later one is acknowledged."""


@compiled
def next_key(state: Any, index: int, now: int) -> int:
    """4 x time + kind of a flow's next event."""
    flow = flow_at(state.flows, index)
    key = 4 * NEVER
    if flow.head >= 0:
        link = link_at(state.links, flow.link)
        finish = entry_at(state.ring, link.ring_offset + (flow.head & link.ring_mask)).finish
        key = 4 * (finish + flow.base) + ACK
    if flow.kind == MONITOR:
        return int(min(key, 4 * flow.timer + TIMER, 4 * flow.next_send + SEND))
    timer = flow.timer
    if flow.inflight > 0:
        timer = min(timer, flow.progress + timeout(flow))
    key = min(key, 4 * timer + TIMER)
    if flow.remaining != 0 and (flow.inflight == 0 or flow.inflight + flow.size <= flow.window):
        key = min(key, 4 * max(flow.next_send, now) + SEND)
    return int(key)


@compiled
def timeout(flow: Any) -> int:
    """Time without any acknowledgement after which all is lost (RFC 6298, section 2): 1 s or three propagation times,
    whichever is longer, before a round trip was measured, and 200 ms or more after. Incast flows have a floor of their
    own for both.
    """
    if flow.srtt == 0:
        return int(flow.first_timeout)
    return int(max(flow.timeout_floor, flow.srtt + 4 * flow.rttvar))


@compiled
def send(state: Any, index: int, time: int) -> int:
    """Send one packet; RUNNING, or what is full, and then nothing has changed."""
    flow = flow_at(state.flows, index)
    if not bottleneck.has_room(state, flow.link):
        bottleneck.drain(state, flow.link, time)
        if not bottleneck.has_room(state, flow.link):
            return RING_FULL
    simple = flow.kind == MONITOR
    if not simple and flow.loss_pushed - flow.loss_popped > flow.loss_mask:
        return LOSSES_FULL
    packet = flow.sent
    size = flow.size if flow.remaining < 0 else min(flow.size, flow.remaining)
    place = bottleneck.arrive(state, index, packet, size, time)
    if place < 0 and not simple:
        note_missing(state, flow, packet, size)
    note_sent(state, index, place, size, time)
    pace(flow, size, time)
    return RUNNING


@compiled
def note_missing(state: Any, flow: Any, packet: int, size: int) -> None:
    """Remember a packet that will never be acknowledged; there must be room for it."""
    slot = _loss_slot(flow, flow.loss_pushed)
    write(state.losses, 2 * slot, packet)
    write(state.losses, 2 * slot + 1, size)
    flow.loss_pushed += 1


@compiled
def note_sent(state: Any, index: int, place: int, size: int, time: int) -> None:
    """The sender's own account of a packet that has left; `place` in the ring, -1 where it is lost at once."""
    flow = flow_at(state.flows, index)
    flow.sent += 1
    flow.interval_sent += 1
    if flow.kind == MONITOR:
        return
    alone = flow.inflight == 0
    if alone:
        flow.progress = time
    flow.inflight += size
    if flow.remaining > 0:
        flow.remaining -= size
    link = link_at(state.links, flow.link)
    if link.stamped:
        if place >= 0:
            stamp = stamp_at(state.stamps, link.ring_offset + (place & link.ring_mask))
            stamp.window = flow.window
        algorithms.on_send(state, index, place, time, alone)


@compiled
def pace(flow: Any, size: int, time: int) -> None:
    """Set the time of the next send; what a division leaves is carried to the next packet at the same rate."""
    if flow.rate != flow.pace_rate:
        flow.pace_rate = flow.rate
        flow.carry = 0
        flow.pace_size = 0
    if size != flow.pace_size:
        flow.pace_size = size
        flow.quotient = size * 8 * SECOND // flow.rate
        flow.remainder = size * 8 * SECOND - flow.quotient * flow.rate
    duration = flow.quotient
    flow.carry += flow.remainder
    if flow.carry >= flow.rate:
        flow.carry -= flow.rate
        duration += 1
    flow.next_send = max(flow.next_send, time) + duration


@compiled
def acknowledge(state: Any, index: int, time: int) -> int:
    """The acknowledgement of the oldest packet on its way arrives; RUNNING, or what is full."""
    flow = flow_at(state.flows, index)
    link = link_at(state.links, flow.link)
    if flow.kind == MONITOR and flow.interval_acked >= flow.sample_capacity:
        return SAMPLES_FULL
    bottleneck.drain(state, flow.link, time)
    slot = link.ring_offset + (flow.head & link.ring_mask)
    entry = entry_at(state.ring, slot)
    round_trip = time - entry.sent
    packet, size = entry.number, entry.size
    flow.head = entry.next
    if flow.head < 0:
        flow.tail = -1
    entry.flow = -1
    receive(state, index, slot, packet, size, round_trip, time)
    return RUNNING


@compiled
def receive(state: Any, index: int, slot: int, packet: int, size: int, round_trip: int, time: int) -> None:
    """What a sender makes of an acknowledgement; `slot` of the packet in the ring, times in ns."""
    flow = flow_at(state.flows, index)
    link = link_at(state.links, flow.link)
    flow.acked += 1
    flow.delivered += size
    flow.rtt_sum += round_trip
    delay = index * LEVELS + min((round_trip - flow.base) >> link.delay_shift, LEVELS - 1)
    write(state.delays, delay, read(state.delays, delay) + 1)
    if flow.kind == MONITOR:
        monitor.take(state, flow, round_trip)
        return
    _smooth(flow, round_trip)
    flow.progress = time
    late = packet <= flow.lost_through
    if not late:
        flow.inflight -= size
    lost = _declare(state, flow, packet - _REORDERING)
    if flow.kind == EPOCH:
        epoch.take(state, flow, slot, round_trip, size, lost, time)
    else:
        newest = read(state.losses, 2 * _loss_slot(flow, flow.loss_popped - 1)) if lost > 0 else -1
        algorithms.on_ack(state, index, slot, packet, size, round_trip, lost, newest, time)
    if flow.remaining == 0 and flow.inflight == 0 and flow.completed < 0:
        flow.completed = time
        link.open_messages -= 1
        if link.open_messages == 0:
            link.end = time


@compiled
def _smooth(flow: Any, round_trip: int) -> None:
    if flow.srtt == 0:
        flow.srtt = round_trip
        flow.rttvar = round_trip // 2
    else:
        flow.rttvar = (3 * flow.rttvar + abs(flow.srtt - round_trip)) // 4
        flow.srtt = (7 * flow.srtt + round_trip) // 8


@compiled
def _loss_slot(flow: Any, number: int) -> int:
    """Where the ring has a loss, by how many losses were pushed before it."""
    return int(flow.loss_offset + (number & flow.loss_mask))


@compiled
def _declare(state: Any, flow: Any, through: int) -> int:
    """Declare packets lost up to a number; how many."""
    lost = 0
    while flow.loss_popped < flow.loss_pushed:
        slot = _loss_slot(flow, flow.loss_popped)
        if read(state.losses, 2 * slot) > through:
            break
        size = read(state.losses, 2 * slot + 1)
        flow.inflight -= size
        if flow.remaining >= 0:
            flow.remaining += size
        flow.loss_popped += 1
        lost += 1
    flow.lost += lost
    return lost


@compiled
def on_timer(state: Any, index: int, time: int) -> bool:
    """A flow's timer; whether a policy is to be asked."""
    flow = flow_at(state.flows, index)
    if flow.kind == MONITOR:
        return monitor.end(state, index, time)
    if flow.inflight > 0 and flow.progress + timeout(flow) <= time:
        if flow.remaining >= 0:
            flow.remaining += flow.inflight
        gone = (flow.inflight + flow.size - 1) // flow.size
        flow.inflight = 0
        flow.lost_through = flow.sent - 1
        flow.loss_popped = flow.loss_pushed
        flow.lost += gone
        flow.lost_new += gone
        flow.progress = time
        algorithms.on_timeout(state, index, time)
    if flow.timer <= time:
        algorithms.on_timer(state, index, time)
    return False
