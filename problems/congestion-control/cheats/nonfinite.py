"""Not a number."""


def on_interval(observation, state):
    return float("nan")
