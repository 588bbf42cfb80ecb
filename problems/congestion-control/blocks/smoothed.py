"""Learns the random loss while the path is quiet, and reacts to what exceeds it."""

from adrs_helpers.blocks import real


def on_interval(observation, state):
    gradient, latency, sending = observation[-3:]
    fast = state["fast"] = state.get("fast", 1.0) + real(0.05, 1.0, 0.3) * (min(sending, 3.0) - state.get("fast", 1.0))
    calm = state.get("calm", real(1.0, 1.1, 1.03))
    if latency < real(1.005, 1.2, 1.03):
        calm += real(0.001, 0.3, 0.03) * (min(sending, real(1.05, 1.6, 1.2)) - calm)
    state["calm"] = calm
    excess = max(0.0, fast - real(0.9, 1.2, 1.01) * calm)
    pressure = real(0.1, 30.0, 5.0) * (latency - 1.0) + real(0.1, 60.0, 10.0) * excess
    pressure += real(0.0, 60.0, 10.0) * max(0.0, gradient)
    if not state.get("full"):
        state["full"] = latency > real(1.01, 1.5, 1.1) or excess > real(0.02, 0.5, 0.15)
        return real(1.0, 40.0, 10.0)
    return max(-real(1.0, 40.0, 15.0), min(real(0.2, 20.0, 4.0), real(0.1, 8.0, 1.0) - pressure))
