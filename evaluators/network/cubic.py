"""CUBIC (RFC 9438), without HyStart: windows in packets, times in seconds."""

from typing import Any

import numpy as np

from evaluators.network import memory
from evaluators.network.compiled import compiled
from evaluators.network.layout import SECOND
from evaluators.network.memory import flow_at

OWN = np.dtype(
    [("window", np.float64), ("threshold", np.float64), ("largest", np.float64), ("origin", np.float64),
     ("estimate", np.float64), ("since", np.int64), ("recovery", np.int64)]
)  # fmt: skip
"""`largest`: window before the last reduction; `origin`: seconds from `since` (ns, -1 = no epoch) to reach it again;
`estimate`: what Reno would have; `recovery`: the last packet sent when the window was cut."""
own_at = memory.own_record(OWN)
_FIRST, _LEAST = 10.0, 2.0
_C, _BETA = 0.4, 0.7
_ALPHA = 3.0 * (1.0 - _BETA) / (1.0 + _BETA)


@compiled
def begin(state: Any, index: int) -> None:
    """Ten packets (RFC 6928), slow start."""
    own = own_at(state.own, index)
    own.window = _FIRST
    own.threshold = 1e18
    own.since = -1
    own.recovery = -1
    _apply(state, index)


@compiled
def on_ack(state: Any, index: int, lost: int, time: int) -> None:
    """Section 4.2 to 4.7. lost: the newest packet that is declared lost, or -1."""
    flow = flow_at(state.flows, index)
    own = own_at(state.own, index)
    if lost > own.recovery:
        _cut(own)
        own.recovery = flow.sent - 1
    elif own.window < own.threshold:
        own.window += 1.0
    else:
        _avoid(own, time, flow.srtt)
    _apply(state, index)


@compiled
def _avoid(own: Any, time: int, round_trip: int) -> None:
    """Congestion avoidance: the cubic function, or Reno's window where that is larger."""
    if own.since < 0:
        own.since = time
        own.estimate = own.window
        if own.window < own.largest:
            own.origin = ((own.largest - own.window) / _C) ** (1.0 / 3.0)
        else:
            own.origin = 0.0
            own.largest = own.window
    passed = (time - own.since) / SECOND
    own.estimate += (_ALPHA if own.estimate < own.largest else 1.0) / own.window
    if _C * (passed - own.origin) ** 3 + own.largest < own.estimate:
        own.window = max(own.window, own.estimate)
        return
    target = _C * (passed + round_trip / SECOND - own.origin) ** 3 + own.largest
    target = min(max(target, own.window), 1.5 * own.window)
    own.window += (target - own.window) / own.window


@compiled
def _cut(own: Any) -> None:
    """Multiplicative decrease with fast convergence."""
    own.largest = own.window * (1.0 + _BETA) / 2.0 if own.window < own.largest else own.window
    own.threshold = own.window = max(_LEAST, own.window * _BETA)
    own.since = -1


@compiled
def on_timeout(state: Any, index: int) -> None:
    """Section 4.8: one packet, and a fresh epoch."""
    own = own_at(state.own, index)
    _cut(own)
    own.window = 1.0
    own.recovery = flow_at(state.flows, index).sent - 1
    _apply(state, index)


@compiled
def _apply(state: Any, index: int) -> None:
    flow = flow_at(state.flows, index)
    flow.window = int(own_at(state.own, index).window * flow.size)
