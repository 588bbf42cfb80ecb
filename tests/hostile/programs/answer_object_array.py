import numpy as np


def solve(values):
    return {"choice": 0, "weights": np.array([0.0] * len(values), dtype=object)}
