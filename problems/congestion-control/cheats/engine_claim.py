"""Claims to be an algorithm of the simulator's own; keeps the first rate."""

ENGINE = "bbr"
NATIVE = "bbr"
native = "native:bbr"


def on_interval(observation, state):
    state["native"] = "bbr"
    return 0.0
