"""Regret: next comes the model that would lose most if its best GPU went to another, weighed against its size."""

import numpy as np

from adrs_helpers.blocks import choice, integer, real

RANK = integer(1, 4, 1)
WEIGHT = real(0.0, 20.0, 5.0)
POWER = real(0.2, 3.0, 1.0)


def solve(instance):
    gpus, memory, size = instance["gpus"], instance["memory"], instance["size"]
    load = instance["request_rate"] / instance["slo"]
    mean = load.sum() / (gpus * memory - size.sum())
    effort = choice(load + mean * size, size / memory, load / load.max())
    effort = (effort / effort.max()) ** POWER
    free, demand = np.full(gpus, memory), np.zeros(gpus)
    placement = np.full(len(size), -1)
    for _ in range(len(size)):
        models = np.flatnonzero(placement < 0)
        left = np.maximum(free - size[models, None], 1e-9)
        cost = choice((demand + load[models, None]) / left, demand + mean * (memory - left))
        fits = free > size[models, None]
        cost = np.where(fits, cost / mean, 1e6)
        ranked = np.sort(cost, axis=1)
        regret = ranked[:, min(RANK, gpus - 1)] - ranked[:, 0]
        row = np.argmax(np.minimum(regret, 1e3) + WEIGHT * effort[models])
        gpu = np.argmin(np.where(fits[row], cost[row], np.inf))
        placement[models[row]] = gpu
        free[gpu] -= size[models[row]]
        demand[gpu] += load[models[row]]
    return placement
