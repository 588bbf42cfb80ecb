"""The trivial program: model i on GPU i mod gpus; if one overflows, largest models first onto the emptiest."""

import numpy as np


def solve(instance):
    gpus, memory, size = instance["gpus"], instance["memory"], instance["size"]
    placement = np.arange(len(size)) % gpus
    if np.bincount(placement, weights=size, minlength=gpus).max() <= memory:
        return placement
    free = np.full(gpus, memory)
    for model in np.argsort(-size, kind="stable"):
        gpu = np.argmax(free)
        placement[model] = gpu
        free[gpu] -= size[model]
    return placement
