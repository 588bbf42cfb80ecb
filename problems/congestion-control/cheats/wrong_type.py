"""Names an algorithm instead of a change of rate."""


def on_interval(observation, state):
    return "bbr"
