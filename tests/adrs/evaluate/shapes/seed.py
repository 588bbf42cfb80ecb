import random

import numpy as np


def decide(load, history, state, slots):
    assert type(load) is float
    assert isinstance(history, np.ndarray)
    state["calls"] = state.get("calls", 0) + 1
    history[0] = -1.0  # its own copy
    return (state["calls"] + int(load)) % slots


def spread(machine):
    speeds = machine["speeds"]
    return {"shares": speeds / speeds.sum(), "order": np.argsort(speeds)}


def label(names):
    return [name.upper() for name in names]


def draw():
    return [random.random(), np.random.random(), float(np.random.default_rng(0).random())]
