"""Reno (RFC 5681, RFC 6582): windows in packets."""

from typing import Any

import numpy as np

from evaluators.network import memory
from evaluators.network.compiled import compiled
from evaluators.network.memory import flow_at

OWN = np.dtype([("window", np.float64), ("threshold", np.float64), ("recovery", np.int64)])
"""Packets, packets, and the last packet sent when the window was cut."""
own_at = memory.own_record(OWN)
_FIRST, _LEAST = 10.0, 2.0


@compiled
def begin(state: Any, index: int) -> None:
    """Ten packets (RFC 6928)."""
    own = own_at(state.own, index)
    own.window = _FIRST
    own.threshold = 1e18
    own.recovery = -1
    _apply(state, index)


@compiled
def on_ack(state: Any, index: int, lost: int) -> None:
    """Slow start below the threshold, else one packet a round; half the window for losses, once for all packets that
    were sent before. lost: the newest packet that is declared lost, or -1.
    """
    own = own_at(state.own, index)
    if lost > own.recovery:
        own.threshold = own.window = max(_LEAST, own.window / 2)
        own.recovery = flow_at(state.flows, index).sent - 1
    elif own.window < own.threshold:
        own.window += 1.0
    else:
        own.window += 1.0 / own.window
    _apply(state, index)


@compiled
def on_timeout(state: Any, index: int) -> None:
    """Back to one packet."""
    own = own_at(state.own, index)
    own.threshold = max(_LEAST, own.window / 2)
    own.window = 1.0
    own.recovery = flow_at(state.flows, index).sent - 1
    _apply(state, index)


@compiled
def _apply(state: Any, index: int) -> None:
    flow = flow_at(state.flows, index)
    flow.window = int(own_at(state.own, index).window * flow.size)
