"""Keeps the first rate."""


def on_interval(observation, state):
    return 0.0
