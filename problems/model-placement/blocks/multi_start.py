"""Bisection with a packing rule, then packings of randomly reordered items, each just below the best KVPR so far."""

import numpy as np

from adrs_helpers import placement
from adrs_helpers.blocks import choice, integer, real

STEPS = integer(10, 60, 30)
STARTS = integer(20, 1000, 200)
NOISE = real(0.01, 1.0, 0.2)
RULE = choice(placement.BEST_FIT, placement.FIRST_FIT)


def solve(instance):
    gpus, memory, size = instance["gpus"], instance["memory"], instance["size"]
    load = instance["request_rate"] / instance["slo"]
    random = np.random.default_rng(instance["seed"])
    best = placement.pack(size, np.argsort(-size), memory, gpus, placement.WORST_FIT)[1]
    value = placement.kvpr(best, size, load, gpus, memory)
    low, high = load.sum() / (gpus * memory - size.sum()), value
    for step in range(STEPS + STARTS):
        bisecting = step < STEPS
        threshold = np.sqrt(low * high) if bisecting else value * (1 - 1e-9)
        weight = load + threshold * size
        noise = np.zeros(len(size)) if bisecting else NOISE * random.standard_normal(len(size))
        packed, gpu = placement.pack(weight, np.argsort(-weight * (1 + noise)), threshold * memory, gpus, RULE)
        if packed:
            high = threshold
            found = placement.kvpr(gpu, size, load, gpus, memory)
            if found < value:
                best, value = gpu, found
        elif bisecting:
            low = threshold
    return best
