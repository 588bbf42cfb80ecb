"""The event loop: every link runs by itself until a policy must decide for one of its flows, or it ends."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.network import algorithms, bottleneck, epoch, monitor, transport
from evaluators.network.compiled import compiled
from evaluators.network.layout import ACK, DONE, EPOCH, MONITOR, RUNNING, SECOND, SEND, TIMER
from evaluators.network.memory import flow_at, link_at, read, state_at, write


@compiled
def advance(address: int, waiting: NDArray[np.int64]) -> int:
    """Run every link that can run, and list the flows that wait; how many, or -1 if a link stopped for want of memory.

    address: of the layout's STATE; waiting: int64[flows], filled from the front.
    """
    state = state_at(address, 0)
    enough = True
    for number in range(state.link_count):
        link = link_at(state.links, number)
        if link.status == RUNNING:
            _run(state, number)
            enough = enough and link.status <= DONE
    if not enough:
        return -1
    count = 0
    for index in range(state.flow_count):
        if flow_at(state.flows, index).waiting:
            waiting[count] = index
            count += 1
    return count


@compiled
def begin(address: int) -> None:
    """Compute every flow's first event."""
    state = state_at(address, 0)
    for index in range(state.flow_count):
        flow = flow_at(state.flows, index)
        flow.next_send = flow.start
        if flow.kind == MONITOR:
            rate = read(state.rates, 2 * link_at(state.links, flow.link).rate_first + 1)
            monitor.begin(flow, flow.start, 3 * (flow.base + flow.size * 8 * SECOND // rate) // 2)
        algorithms.begin(state, index)
        write(state.keys, index, transport.next_key(state, index, 0))


@compiled
def _run(state: Any, number: int) -> None:
    link = link_at(state.links, number)
    first, last = link.first, link.first + link.flows
    while True:
        best, key = first, read(state.keys, first)
        for index in range(first + 1, last):
            other = read(state.keys, index)
            if other < key:
                best, key = index, other
        if link.next_epoch * 4 + TIMER < key:
            time = link.next_epoch
            if time > link.end:
                break
            if epoch.end(state, number, time):
                return
            continue
        time, kind = key >> 2, key & 3
        if time > link.end:
            break
        status = RUNNING
        if kind == ACK:
            status = transport.acknowledge(state, best, time)
        elif kind == SEND:
            status = transport.send(state, best, time)
        elif transport.on_timer(state, best, time):
            return
        if status != RUNNING:
            link.status = status
            link.finished = best
            return
        write(state.keys, best, transport.next_key(state, best, time))
    bottleneck.settle(state, number, link.end)
    link.status = DONE
    link.finished = link.end


@compiled
def decide(address: int, asked: NDArray[np.int64], answers: NDArray[np.float64]) -> None:
    """Apply the answers for the flows that wait, and let their links run again."""
    state = state_at(address, 0)
    for place in range(len(asked)):
        index = asked[place]
        flow = flow_at(state.flows, index)
        link = link_at(state.links, flow.link)
        if flow.kind == EPOCH:
            now = link.next_epoch - link.epoch
            epoch.act(flow, answers[place])
        else:
            now = flow.timer
            monitor.act(flow, answers[place], now)
        flow.waiting = 0
        link.status = RUNNING
        write(state.keys, index, transport.next_key(state, index, now))
