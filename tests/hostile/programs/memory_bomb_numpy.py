import numpy as np


def solve(values):
    return {"choice": 0, "weights": np.ones((1 << 33,))[: len(values)]}
