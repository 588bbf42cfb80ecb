"""Model i on GPU i mod gpus."""

import numpy as np


def solve(instance):
    return np.arange(len(instance["size"])) % instance["gpus"]
