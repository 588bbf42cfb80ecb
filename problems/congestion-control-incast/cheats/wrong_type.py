"""Names an algorithm instead of a window."""


def on_start(state):
    return 1.0


def on_ack(sample, state):
    return "power-tcp"
