"""Puts everything on GPU 0."""

import numpy as np


def solve(instance):
    return np.zeros(len(instance["size"]), dtype=np.int64)
