"""A placement as evolution leaves them behind: largest model first, each where it presses least, under what is idle."""

import numpy as np


def solve(instance):
    gpus, memory, size = instance["gpus"], instance["memory"], instance["size"].tolist()
    load = (instance["request_rate"] / instance["slo"]).tolist()
    free, demand = [memory] * gpus, [0.0] * gpus
    placement = np.zeros(len(size), dtype=np.int64)

    def weight(model):
        share = size[model] / memory
        return -1.271828 * share - 0.000001 * load[model] ** 2 / (3.0 + load[model])

    def cost(model, gpu):
        left = free[gpu] - size[model]
        pressure = (demand[gpu] + load[model]) / left
        bonus = 0.0
        if left < 0.01 * memory:
            bonus = 1e-7 * left
        return 2.718282 * pressure + bonus + 0.0 * demand[gpu]

    for model in sorted(range(len(size)), key=weight):
        fitting = [gpu for gpu in range(gpus) if size[model] < free[gpu]]
        gpu = min(fitting, key=lambda gpu: cost(model, gpu))
        placement[model] = gpu
        free[gpu] -= size[model]
        demand[gpu] += load[model]
    return placement
