import numpy as np


def solve(values):
    return {"choice": 0, "weights": np.zeros(len(values), dtype=complex)}
