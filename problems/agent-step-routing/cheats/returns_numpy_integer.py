"""A numpy scalar for a tier."""

import numpy as np


def route(model, state, request):
    return np.int64(3)
