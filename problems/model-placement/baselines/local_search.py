"""Bisection with best fit, then moves and swaps off the worst GPU for as long as its KVPR falls."""

import numpy as np

from adrs_helpers import placement


def solve(instance):
    gpus, memory, size = instance["gpus"], instance["memory"], instance["size"]
    load = instance["request_rate"] / instance["slo"]
    gpu = bisect(size, load, gpus, memory)
    used, demand = placement.totals(gpu, size, load, gpus)
    while True:
        worst = placement.worst_gpu(used, demand, memory)
        pressure = placement.pressure(used[worst], demand[worst], memory)
        model, target, moved = placement.best_move(worst, gpu, size, load, used, demand, memory)
        first, second, swapped = placement.best_swap(worst, gpu, size, load, used, demand, memory)
        if min(moved, swapped) >= pressure * (1 - 1e-9):
            return gpu
        if moved <= swapped:
            placement.apply_move(model, target, gpu, size, load, used, demand)
        else:
            placement.apply_swap(first, second, gpu, size, load, used, demand)


def bisect(size, load, gpus, memory):
    best, value = round_robin(size, gpus, memory), np.inf
    low = load.sum() / (gpus * memory - size.sum())
    high = placement.kvpr(best, size, load, gpus, memory)
    for _ in range(60):
        threshold = (low + high) / 2
        weight = load + threshold * size
        order = np.argsort(-weight, kind="stable")
        packed, gpu = placement.pack(weight, order, threshold * memory, gpus, placement.BEST_FIT)
        if not packed:
            low = threshold
            continue
        high = threshold
        found = placement.kvpr(gpu, size, load, gpus, memory)
        if found < value:
            best, value = gpu, found
    return best


def round_robin(size, gpus, memory):
    gpu = np.arange(len(size)) % gpus
    if np.bincount(gpu, weights=size, minlength=gpus).max() <= memory:
        return gpu
    free = np.full(gpus, memory)
    for model in np.argsort(-size, kind="stable"):
        gpu[model] = np.argmax(free)
        free[gpu[model]] -= size[model]
    return gpu
