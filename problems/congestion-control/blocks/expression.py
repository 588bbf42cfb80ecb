"""A free expression over smoothed features."""

from adrs_helpers.blocks import expression, integer, real


def on_interval(observation, state):
    last = 3 * integer(1, 10, 4)
    gradient = 30.0 * sum(observation[-last::3]) / last
    latency = observation[-2] - 1.0
    sending = 3.0 * sum(observation[2 - last :: 3]) / last - 1.0
    wanted = expression(1.0 - 5.0 * latency - 8.0 * max(0.0, sending - 0.05) - gradient, gradient, latency, sending)
    return max(-real(1.0, 40.0, 15.0), min(real(0.2, 20.0, 4.0), wanted))
