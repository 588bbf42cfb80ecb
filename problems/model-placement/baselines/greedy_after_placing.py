"""Prism's greedy with one change: the ratio that counts is the one a GPU would have with the model on it."""

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
        fitting = [gpu for gpu in range(gpus) if size[model] < free[gpu]]
        if not fitting:
            return None
        gpu = min(fitting, key=lambda gpu: (demand[gpu] + load[model]) / (free[gpu] - size[model]))
        placement[model] = gpu
        free[gpu] -= size[model]
        demand[gpu] += load[model]
    return placement
