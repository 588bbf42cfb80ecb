"""Front to back from several first transactions: always append the one with the least key; keep the best order."""

import numpy as np

from adrs_helpers import transaction_clock as clock
from adrs_helpers.blocks import expression, integer

STARTS = integer(1, 60, 6)


def features(instance):
    """Per transaction: length, share of the others that it conflicts with, mean share that uses one of its keys."""
    number, offset, key = instance["num_transactions"], instance["offset"], instance["key"]
    popularity = np.bincount(key, minlength=instance["num_keys"]) / number
    operations = np.diff(offset)
    heat = np.bincount(np.repeat(np.arange(number), operations), popularity[key], number) / np.maximum(operations, 1)
    conflicts = clock.conflicts(instance).mean(axis=1)
    return list(zip(instance["length"].tolist(), conflicts.tolist(), heat.tolist(), strict=True))


def append_key(increase, length, conflicts, heat):
    return expression(20.0 * increase - heat, increase, length, conflicts, heat)


def greedy(instance, first, known):
    state = clock.new_state(instance)
    makespan = clock.append(state, first)
    order, remaining = [first], [t for t in range(instance["num_transactions"]) if t != first]
    while remaining:
        spans = clock.costs(state, remaining).tolist()
        keys = [append_key(span - makespan, *known[t]) for span, t in zip(spans, remaining, strict=True)]
        order.append(remaining.pop(keys.index(min(keys))))
        makespan = clock.append(state, order[-1])
    return makespan, order


def solve(instance):
    known = features(instance)
    starts = np.linspace(0, instance["num_transactions"] - 1, STARTS).astype(int).tolist()
    return min(greedy(instance, first, known) for first in starts)[1]
