"""Greedy: models in the order of a key, each onto the GPU with the smallest cost among those where it fits."""

import numpy as np

from adrs_helpers.blocks import choice, expression

LARGEST_FIRST = choice(True, False)


def solve(instance):
    gpus, memory, size = instance["gpus"], instance["memory"], instance["size"].tolist()
    rate, slo = instance["request_rate"].tolist(), instance["slo"].tolist()
    load = [rate[model] / slo[model] for model in range(len(size))]
    mean = sum(load) / (gpus * memory - sum(size))

    def key(model):
        return expression(load[model] + mean * size[model], load[model], size[model], rate[model], 1 / slo[model])

    def cost(model, free, demand):
        left = free - size[model]
        return expression((demand + load[model]) / left, demand / free, demand + mean * (memory - left), left / memory)

    order = sorted(range(len(size)), key=key, reverse=LARGEST_FIRST)
    by_size = sorted(range(len(size)), key=lambda model: -size[model])
    placement = place(order, size, load, gpus, memory, cost)
    if placement is None:
        placement = place(by_size, size, load, gpus, memory, cost)
    if placement is None:
        placement = place(by_size, size, load, gpus, memory, lambda model, free, demand: -free)
    return placement


def place(order, size, load, gpus, memory, cost):
    """None if a model finds no GPU with more free memory than it takes."""
    free, demand = [memory] * gpus, [0.0] * gpus
    placement = np.zeros(len(size), dtype=np.int64)
    for model in order:
        fitting = [gpu for gpu in range(gpus) if size[model] < free[gpu]]
        if not fitting:
            return None
        gpu = min(fitting, key=lambda gpu: cost(model, free[gpu], demand[gpu]))
        placement[model] = gpu
        free[gpu] -= size[model]
        demand[gpu] += load[model]
    return placement
