"""Round robin: experts in turn over the slots, blind to load."""

import numpy as np


def place(load, config, state):
    layers, experts = load.shape
    if config["groups_stay_on_node"]:
        nodes = config["nodes"]
        slots_per_node, experts_per_node = config["slots"] // nodes, experts // nodes
        on_node = np.arange(slots_per_node) % experts_per_node
        row = (np.arange(nodes)[:, None] * experts_per_node + on_node).ravel()
    else:
        row = np.arange(config["slots"]) % experts
    return np.tile(row, (layers, 1))
