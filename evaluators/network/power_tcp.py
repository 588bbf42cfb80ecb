"""PowerTCP and theta-PowerTCP (NSDI 2022, arXiv 2112.14309; constants of repo inet-tub/ns3-datacenter).

Windows in bytes, rates in bit/s, times in ns; one decision per acknowledgement.
"""

from typing import Any

import numpy as np

from evaluators.network import memory
from evaluators.network.compiled import compiled
from evaluators.network.layout import SECOND
from evaluators.network.memory import entry_at, flow_at, link_at, stamp_at

OWN = np.dtype(
    [("window", np.float64), ("reference", np.float64), ("power", np.float64), ("reference_until", np.int64),
     ("stamp_time", np.int64), ("stamp_in", np.int64), ("rtt", np.int64), ("acked_at", np.int64)]
)  # fmt: skip
"""`reference`: window of a round-trip time ago, renewed when packet `reference_until` is acknowledged."""
own_at = memory.own_record(OWN)
_TARGET = 0.95
_GAMMA, _THETA_GAMMA = 0.9, 0.7
_THETA_TARGET = 1.05
_ADDITIVE = 150_000_000
_SLOWEST = 100_000_000


@compiled
def begin(state: Any, index: int) -> None:
    """One bandwidth-delay product."""
    flow = flow_at(state.flows, index)
    own = own_at(state.own, index)
    own.window = own.reference = flow.rate_high * float(flow.base) / (8 * SECOND)
    own.power = 1.0
    own.reference_until = -1
    own.stamp_time = own.rtt = -1
    _apply(flow, own)


@compiled
def on_ack(state: Any, index: int, slot: int, packet: int, time: int) -> None:
    """With telemetry: power is current times voltage, both from the stamp (algorithm 1)."""
    flow = flow_at(state.flows, index)
    own = own_at(state.own, index)
    entry, stamp = entry_at(state.ring, slot), stamp_at(state.stamps, slot)
    rate, base = float(link_at(state.links, flow.link).rate), float(flow.base)
    if own.stamp_time >= 0:
        distance = max(1, entry.finish - own.stamp_time)
        arrival = max(0.5 * rate, (stamp.bytes_in - own.stamp_in) * 8.0 * SECOND / distance)
        product = rate * base / SECOND
        power = arrival * (8.0 * stamp.queue + product) / (rate * product)
        _move(flow, own, packet, power / _TARGET, min(float(distance), base), _GAMMA)
    own.stamp_time = entry.finish
    own.stamp_in = stamp.bytes_in


@compiled
def on_ack_theta(state: Any, index: int, packet: int, round_trip: int, time: int) -> None:
    """Without telemetry: current and voltage from round-trip times (algorithm 2)."""
    flow = flow_at(state.flows, index)
    own = own_at(state.own, index)
    base = float(flow.base)
    if own.rtt >= 0:
        distance = max(1, time - own.acked_at)
        current = max(0.5, 1.0 + (round_trip - own.rtt) / distance)
        power = current * round_trip / (_THETA_TARGET * base)
        _move(flow, own, packet, power, min(float(distance), base), _THETA_GAMMA)
    own.rtt = round_trip
    own.acked_at = time


@compiled
def _move(flow: Any, own: Any, packet: int, power: float, passed: float, gamma: float) -> None:
    """Smooth the power over a base round-trip time, and move the window."""
    base = float(flow.base)
    own.power = (own.power * (base - passed) + power * passed) / base
    additive = _ADDITIVE * base / (8 * SECOND)
    own.window = gamma * (own.reference / own.power + additive) + (1.0 - gamma) * own.reference
    own.window = min(max(own.window, _SLOWEST * base / (8 * SECOND)), flow.rate_high * base / (8 * SECOND))
    if packet >= own.reference_until:
        own.reference = own.window
        own.reference_until = flow.sent
    _apply(flow, own)


@compiled
def _apply(flow: Any, own: Any) -> None:
    flow.window = int(own.window)
    flow.rate = min(int(own.window * 8 * SECOND / flow.base), flow.rate_high)
