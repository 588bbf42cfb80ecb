"""Which native algorithm a flow's events go to."""

from typing import Any

from evaluators.network import bbr, copa, cubic, power_tcp, reno, vivace
from evaluators.network.compiled import compiled
from evaluators.network.layout import BBR, COPA, CUBIC, NEVER, POWER_TCP, RENO, THETA_POWER_TCP, VIVACE
from evaluators.network.memory import flow_at


@compiled
def begin(state: Any, index: int) -> None:
    """Before the first packet."""
    kind = flow_at(state.flows, index).kind
    if kind == RENO:
        reno.begin(state, index)
    elif kind == CUBIC:
        cubic.begin(state, index)
    elif kind == BBR:
        bbr.begin(state, index)
    elif kind == COPA:
        copa.begin(state, index)
    elif kind in (POWER_TCP, THETA_POWER_TCP):
        power_tcp.begin(state, index)
    elif kind == VIVACE:
        vivace.begin(state, index)


@compiled
def on_send(state: Any, index: int, place: int, time: int, alone: bool) -> None:
    """A packet was sent; `place` is -1 where it is lost, `alone` says that nothing else was in flight."""
    if flow_at(state.flows, index).kind == BBR:
        bbr.on_send(state, index, place, time, alone)


@compiled
def on_ack(
    state: Any, index: int, slot: int, packet: int, size: int, round_trip: int, lost: int, newest: int, time: int
) -> None:
    """A packet is acknowledged, and `lost` ones before it are declared lost, the newest of them last (-1: none)."""
    kind = flow_at(state.flows, index).kind
    if kind == RENO:
        reno.on_ack(state, index, newest)
    elif kind == CUBIC:
        cubic.on_ack(state, index, newest, time)
    elif kind == BBR:
        bbr.on_ack(state, index, slot, size, round_trip, lost, time)
    elif kind == COPA:
        copa.on_ack(state, index, round_trip, time)
    elif kind == POWER_TCP:
        power_tcp.on_ack(state, index, slot, packet, time)
    elif kind == THETA_POWER_TCP:
        power_tcp.on_ack_theta(state, index, packet, round_trip, time)
    elif kind == VIVACE:
        vivace.on_ack(state, index, packet, round_trip, time)


@compiled
def on_timeout(state: Any, index: int, time: int) -> None:
    """Nothing was acknowledged for too long."""
    kind = flow_at(state.flows, index).kind
    if kind == RENO:
        reno.on_timeout(state, index)
    elif kind == CUBIC:
        cubic.on_timeout(state, index)
    elif kind == BBR:
        bbr.on_timeout(state, index)
    elif kind == COPA:
        copa.on_timeout(state, index)
    elif kind == VIVACE:
        vivace.on_timeout(state, index, time)


@compiled
def on_timer(state: Any, index: int, time: int) -> None:
    """The algorithm's own timer."""
    flow = flow_at(state.flows, index)
    if flow.kind == VIVACE:
        vivace.on_timer(state, index, time)
    else:
        flow.timer = NEVER
