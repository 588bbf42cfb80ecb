"""Numbers of transactions as floats, one of them between two transactions."""

import numpy as np


def solve(instance):
    order = np.arange(instance["num_transactions"], dtype=float)
    order[0] = 0.5
    return order
