"""Bisection on the largest KVPR: with KVPR <= L, items load + L size fit into bins of capacity L memory."""

import numpy as np

from adrs_helpers import placement
from adrs_helpers.blocks import choice, expression, integer

STEPS = integer(10, 60, 30)
RULE = choice(placement.BEST_FIT, placement.FIRST_FIT, placement.WORST_FIT)


def solve(instance):
    gpus, memory, size = instance["gpus"], instance["memory"], instance["size"]
    load = instance["request_rate"] / instance["slo"]
    best, value = emptiest_gpu(size, gpus, memory), np.inf
    low, high = load.sum() / (gpus * memory - size.sum()), placement.kvpr(best, size, load, gpus, memory)
    for _ in range(STEPS):
        threshold = choice((low + high) / 2, np.sqrt(low * high))
        weight = load + threshold * size

        def key(model, weight=weight):
            return expression(float(weight[model]), float(load[model]), float(size[model]))

        order = np.array(sorted(range(len(size)), key=key, reverse=True))
        packed, gpu = placement.pack(weight, order, threshold * memory, gpus, RULE)
        if not packed:
            low = threshold
            continue
        high = threshold
        found = placement.kvpr(gpu, size, load, gpus, memory)
        if found < value:
            best, value = gpu, found
    return best


def emptiest_gpu(size, gpus, memory):
    """Largest models first, each onto the emptiest GPU: a placement to start from."""
    return placement.pack(size, np.argsort(-size), memory, gpus, placement.WORST_FIT)[1]
