import numpy as np


def solve(values):
    return {"choice": 1j, "weights": np.zeros(len(values))}
