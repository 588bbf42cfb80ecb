"""Copa (NSDI 2018), default mode, delta = 0.5: windows in packets, times in ns."""

from typing import Any

import numpy as np

from evaluators.network import memory, windowed
from evaluators.network.compiled import compiled
from evaluators.network.layout import OWN as WORDS
from evaluators.network.layout import SECOND
from evaluators.network.memory import flow_at

OWN = np.dtype(
    [("window", np.float64), ("velocity", np.float64), ("window_before", np.float64), ("looked", np.int64),
     ("direction", np.int64), ("unchanged", np.int64), ("started", np.int64)]
)  # fmt: skip
"""`looked`: when the direction was last compared, once a round-trip time; `unchanged`: how often it was the same."""
own_at = memory.own_record(OWN)
_STANDING, _LEAST_RTT = 16, 24
"""Places of the two filters among a flow's own numbers."""
_DELTA = 0.5
_FIRST, _LEAST = 10.0, 2.0


@compiled
def begin(state: Any, index: int) -> None:
    """Slow start from ten packets."""
    own = own_at(state.own, index)
    own.window = _FIRST
    own.velocity = 1.0
    own.started = 0
    flow = flow_at(state.flows, index)
    flow.window = int(own.window * flow.size)


@compiled
def on_ack(state: Any, index: int, round_trip: int, time: int) -> None:
    """Section 2: towards the target rate 1 / (delta x queueing delay)."""
    flow = flow_at(state.flows, index)
    own = own_at(state.own, index)
    memory_of_flow = state.own + 8 * WORDS * index
    standing = windowed.least(memory_of_flow + 8 * _STANDING, flow.srtt // 2, time, round_trip)
    least = windowed.least(memory_of_flow + 8 * _LEAST_RTT, 10 * SECOND, time, round_trip)
    queueing = standing - least
    below = queueing <= 0 or own.window * _DELTA * queueing <= standing
    if own.started == 0:
        if below:
            own.window += 1.0
        else:
            own.started = 1
            own.looked = time
            own.window_before = own.window
    else:
        _look(own, time, flow.srtt)
        direction = 1 if below else -1
        if direction != own.direction and own.velocity > 1.0:
            own.velocity = 1.0
            own.unchanged = 0
        own.window = max(_LEAST, own.window + direction * own.velocity / (_DELTA * own.window))
    flow.window = int(own.window * flow.size)
    flow.rate = max(1, int(2.0 * own.window * flow.size * 8 * SECOND / standing))


@compiled
def _look(own: Any, time: int, round_trip: int) -> None:
    """Once a round-trip time: the velocity doubles from the third time on that the direction is unchanged."""
    if time - own.looked < round_trip:
        return
    direction = 1 if own.window > own.window_before else -1
    if direction == own.direction:
        own.unchanged += 1
        if own.unchanged >= 3:
            own.velocity *= 2.0
    else:
        own.unchanged = 0
        own.velocity = 1.0
    own.direction = direction
    own.looked = time
    own.window_before = own.window


@compiled
def on_timeout(state: Any, index: int) -> None:
    """Start over from the least window."""
    own = own_at(state.own, index)
    own.window = _LEAST
    own.velocity = 1.0
    own.unchanged = 0
    flow = flow_at(state.flows, index)
    flow.window = int(own.window * flow.size)
