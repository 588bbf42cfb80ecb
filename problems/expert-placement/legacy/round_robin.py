"""Experts in turn over the slots, and the maps that follow."""

import numpy as np


def place(load, config, state):
    layers, experts = load.shape
    slots = config["slots"]
    row = np.arange(slots) % experts
    slots_of = np.full((experts, slots), -1)
    for expert in range(experts):
        mine = np.flatnonzero(row == expert)
        slots_of[expert, : len(mine)] = mine
    return {
        "phy2log": np.tile(row, (layers, 1)),
        "log2phy": np.tile(slots_of, (layers, 1, 1)),
        "logcnt": np.tile(np.bincount(row, minlength=experts), (layers, 1)),
    }
