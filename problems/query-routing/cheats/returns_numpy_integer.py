"""A numpy scalar for an index."""

import numpy as np


def route(model, state, request):
    return np.int64(1)
