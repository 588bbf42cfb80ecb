"""A hand rule on the newest interval: climb while the path is quiet, back off as delay or overload shows."""


def on_interval(observation, state):
    gradient, latency, sending = observation[-3:]
    pressure = 20.0 * gradient + 4.0 * (latency - 1.0) + 2.0 * (sending - 1.1)
    return max(-10.0, min(2.0, 1.0 - pressure))
