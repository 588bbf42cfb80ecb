import numpy as np


def solve(values):
    return {"choice": 0, "weights": np.full(len(values), np.inf)}
