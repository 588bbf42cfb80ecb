"""A truth value is not a number."""


def on_interval(observation, state):
    return True
