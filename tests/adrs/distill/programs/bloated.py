"""A congestion policy as evolution leaves them behind: a core of a dozen lines under what no longer matters."""

import math
import random

GAIN = 3.914208
LIMIT = 250.0


def on_interval(observation, state):
    gradient, latency, sending = observation[-3:]
    earlier = observation[-6:-3]
    trend = latency - earlier[1]
    smooth = 0.731552 * latency + (1.0 - 0.731552) * earlier[1]
    jitter = math.fabs(trend) * 0.0
    excess = max(0.0, sending - 1.048713)
    floor = min(state.get("floor", sending), sending)
    state["floor"] = floor
    pressure = GAIN * (smooth - 1.0) + 11.873315 * gradient + 2.207419 * excess
    if len(observation) < 30:
        pressure = pressure * 2.0 + jitter
        random.random()
    if pressure > 0.0:
        step = 0.962874 - pressure * 1.0
    else:
        step = 0.962874 - pressure + 0.0 * trend
    return max(-LIMIT, min(LIMIT, min(2.0, step)))
