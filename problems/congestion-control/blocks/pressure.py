"""Climb at a steady pace, less a weighted sum of the signs of congestion, averaged over a few intervals."""

from adrs_helpers.blocks import integer, real


def on_interval(observation, state):
    last = 3 * integer(1, 10, 3)
    count = last // 3
    gradient = sum(observation[-last::3]) / count
    latency = sum(observation[1 - last :: 3]) / count
    sending = sum(observation[2 - last :: 3]) / count
    pressure = real(0.0, 60.0, 15.0) * gradient
    pressure += real(0.1, 30.0, 4.0) * max(0.0, latency - real(1.0, 1.3, 1.02))
    pressure += real(0.1, 40.0, 6.0) * max(0.0, sending - real(1.0, 1.3, 1.06))
    return max(-real(1.0, 40.0, 15.0), min(real(0.2, 20.0, 3.0), real(0.1, 8.0, 1.0) - pressure))
