"""Names an expert that does not exist, for a slot that then carries nothing."""

import numpy as np


def place(load, config, state):
    answer = np.tile(np.arange(config["slots"]) % load.shape[1], (load.shape[0], 1))
    answer[:, -1] = config["slots"]
    return answer
