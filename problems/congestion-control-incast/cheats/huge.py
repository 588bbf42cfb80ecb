"""A window beyond all bounds: it is cut to 4, and counted."""


def on_start(state):
    return 1e308


def on_ack(sample, state):
    return 1e308
