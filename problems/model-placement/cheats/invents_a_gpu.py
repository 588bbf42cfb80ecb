"""Puts every other model on a GPU that does not exist."""

import numpy as np


def solve(instance):
    return np.arange(len(instance["size"])) % (instance["gpus"] + 1)
