"""Simulated annealing: random moves and swaps; what counts is the larger KVPR of the two GPUs that change."""

import math
import random

import numpy as np

from adrs_helpers import placement
from adrs_helpers.blocks import choice, integer, real

STEPS = integer(500, 8000, 3000)
HOT = real(0.01, 1.0, 0.2)
COLD = real(0.0001, 0.01, 0.001)
SWAPS = real(0.0, 1.0, 0.85)


def solve(instance):
    gpus, memory, size = instance["gpus"], instance["memory"], instance["size"]
    load = instance["request_rate"] / instance["slo"]
    mean = load.sum() / (gpus * memory - size.sum())
    weight = choice(size, load + mean * size)
    gpu = placement.pack(weight, np.argsort(-weight), weight.sum(), gpus, placement.WORST_FIT)[1]
    used, demand = placement.totals(gpu, size, load, gpus)
    best, least = gpu.copy(), placement.kvpr(gpu, size, load, gpus, memory)
    draw, models = random.Random(instance["seed"]), len(size)
    for step in range(STEPS):
        temperature = mean * HOT * (COLD / HOT) ** (step / STEPS)
        model = int(draw.random() * models)
        swap = draw.random() < SWAPS
        other = int(draw.random() * (models if swap else gpus))
        source, target = gpu[model], gpu[other] if swap else other
        if source == target:
            continue
        before = max(
            placement.pressure(used[source], demand[source], memory),
            placement.pressure(used[target], demand[target], memory),
        )
        value = placement.swap_value if swap else placement.move_value
        change = value(model, other, gpu, size, load, used, demand, memory) - before
        if change > 0 and draw.random() >= math.exp(-change / temperature):
            continue
        apply = placement.apply_swap if swap else placement.apply_move
        apply(model, other, gpu, size, load, used, demand)
        if change < 0:
            worst = placement.worst_gpu(used, demand, memory)
            found = placement.pressure(used[worst], demand[worst], memory)
            if found < least:
                best, least = gpu.copy(), found
    return best
