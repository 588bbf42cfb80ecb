import numpy as np


def solve(values):
    return {"choice": 0, "weights": np.where(np.arange(len(values)) == 7, np.nan, 0.0)}
