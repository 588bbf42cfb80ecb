"""Experts in turn over the slots, blind to load; where groups stay on their node, each node's experts in turn."""

import numpy as np


def place(load, config, state):
    layers, experts = load.shape
    slots = np.arange(config["slots"])
    if config["groups_stay_on_node"]:
        slots_per_node = config["slots"] // config["nodes"]
        experts_per_node = experts // config["nodes"]
        row = slots // slots_per_node * experts_per_node + slots % slots_per_node % experts_per_node
    else:
        row = slots % experts
    return np.tile(row, (layers, 1))
