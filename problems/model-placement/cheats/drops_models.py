"""Leaves the last model out of the answer."""

import numpy as np


def solve(instance):
    return np.arange(len(instance["size"]) - 1) % instance["gpus"]
