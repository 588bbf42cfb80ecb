"""Prism's placement (arXiv 2505.04021, Algorithm 1, without its threshold).

Models by descending load, each onto the GPU that fits it and has the least load per free GB before it comes; if one
finds no place, once more by descending size.
"""

import numpy as np


def solve(instance):
    size = instance["size"]
    load = instance["request_rate"] / instance["slo"]
    for key in (load, size):
        placement = place(instance, load, np.argsort(-key, kind="stable"))
        if placement is not None:
            return placement
    raise ValueError("no model order fits")


def place(instance, load, order):
    size, memory, gpus = instance["size"], instance["memory"], instance["gpus"]
    free = [memory] * gpus
    demand = [0.0] * gpus
    placement = np.zeros(len(size), dtype=np.int64)
    for model in order:
        fitting = [gpu for gpu in range(gpus) if size[model] <= free[gpu]]
        if not fitting:
            return None
        gpu = min(fitting, key=lambda gpu: demand[gpu] / free[gpu])
        placement[model] = gpu
        free[gpu] -= size[model]
        demand[gpu] += load[model]
    return placement
