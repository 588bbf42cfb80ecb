"""Front to back, many times: of transactions sampled from the remaining ones, append the one with the least key."""

import random

import numpy as np

from adrs_helpers import transaction_clock as clock
from adrs_helpers.blocks import expression, integer

SAMPLES = integer(2, 60, 30)
TRIES = integer(1, 100, 20)


def features(instance):
    """Per transaction: length, share of the others that it conflicts with, mean share that uses one of its keys."""
    number, offset, key = instance["num_transactions"], instance["offset"], instance["key"]
    popularity = np.bincount(key, minlength=instance["num_keys"]) / number
    operations = np.diff(offset)
    heat = np.bincount(np.repeat(np.arange(number), operations), popularity[key], number) / np.maximum(operations, 1)
    conflicts = clock.conflicts(instance).mean(axis=1)
    return list(zip(instance["length"].tolist(), conflicts.tolist(), heat.tolist(), strict=True))


def append_key(increase, length, conflicts, heat):
    return expression(increase, length, conflicts, heat)


def sampled_greedy(instance, known, draw):
    state, order, makespan = clock.new_state(instance), [], 0
    remaining = list(range(instance["num_transactions"]))
    while remaining:
        sampled = draw.sample(remaining, min(SAMPLES, len(remaining)))
        spans = clock.costs(state, sampled).tolist()
        keys = [append_key(span - makespan, *known[t]) for span, t in zip(spans, sampled, strict=True)]
        order.append(sampled[keys.index(min(keys))])
        remaining.remove(order[-1])
        makespan = clock.append(state, order[-1])
    return makespan, order


def solve(instance):
    draw = random.Random(instance["seed"])
    known = features(instance)
    return min(sampled_greedy(instance, known, draw) for _ in range(TRIES))[1]
