"""Three regimes by thresholds: back off, hold, climb; the climb grows while it goes on."""

from adrs_helpers.blocks import integer, real


def on_interval(observation, state):
    last = 3 * integer(1, 10, 4)
    latency = observation[-2]
    sending = 3.0 * sum(observation[2 - last :: 3]) / last
    if latency > real(1.01, 2.0, 1.15) or sending > real(1.02, 1.6, 1.15):
        state["climbs"] = 0
        return -real(0.5, 40.0, 6.0)
    if observation[-3] > real(0.0, 0.2, 0.02):
        return -real(0.0, 10.0, 1.0)
    state["climbs"] = state.get("climbs", 0) + 1
    return min(real(1.0, 40.0, 8.0), real(0.1, 5.0, 0.8) * real(1.0, 1.5, 1.1) ** min(state["climbs"], 50))
