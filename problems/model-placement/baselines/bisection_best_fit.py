"""Bisect on the largest KVPR L. A placement keeps to L if items load + L size fit into bins of capacity L memory;
that is tried by best fit, largest item first.
"""

import numpy as np


def solve(instance):
    gpus, memory, size = instance["gpus"], instance["memory"], instance["size"]
    load = instance["request_rate"] / instance["slo"]
    best = round_robin(size, gpus, memory)
    value = largest_pressure(best, size, load, gpus, memory)
    low, high = load.sum() / (gpus * memory - size.sum()), value
    for _ in range(60):
        threshold = (low + high) / 2
        placement = best_fit(load + threshold * size, threshold * memory, gpus)
        if placement is None:
            low = threshold
            continue
        high = threshold
        found = largest_pressure(placement, size, load, gpus, memory)
        if found < value:
            best, value = placement, found
    return best


def best_fit(weight, capacity, bins):
    room = [capacity] * bins
    placement = np.zeros(len(weight), dtype=np.int64)
    for item in np.argsort(-weight, kind="stable"):
        fitting = [index for index in range(bins) if room[index] >= weight[item]]
        if not fitting:
            return None
        index = min(fitting, key=lambda index: room[index])
        placement[item] = index
        room[index] -= weight[item]
    return placement


def round_robin(size, gpus, memory):
    placement = np.arange(len(size)) % gpus
    if np.bincount(placement, weights=size, minlength=gpus).max() <= memory:
        return placement
    free = np.full(gpus, memory)
    for model in np.argsort(-size, kind="stable"):
        gpu = np.argmax(free)
        placement[model] = gpu
        free[gpu] -= size[model]
    return placement


def largest_pressure(placement, size, load, gpus, memory):
    free = memory - np.bincount(placement, weights=size, minlength=gpus)
    demand = np.bincount(placement, weights=load, minlength=gpus)
    return (demand / free).max() if free.min() > 0 else 1e6
