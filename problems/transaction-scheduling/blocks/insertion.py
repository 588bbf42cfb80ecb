"""Insert one transaction after the other where the makespan grows least, then take out and insert again in sweeps.

The construction of Nawaz, Enscore and Ham for flow shops (1983).
"""

import random

import numpy as np

from adrs_helpers import transaction_clock as clock
from adrs_helpers.blocks import choice, expression, integer

SWEEPS = integer(0, 40, 4)


def insertion_key(length, writes, conflicts, heat):
    """Transactions are inserted from the least to the largest."""
    return expression(-heat, length, writes, conflicts, heat)


def insertion_order(instance):
    number, offset, key = instance["num_transactions"], instance["offset"], instance["key"]
    owner = np.repeat(np.arange(number), np.diff(offset))
    popularity = np.bincount(key, choice(1 + instance["is_write"], np.ones(len(key)), instance["is_write"])) / number
    heat = np.bincount(owner, popularity[key], number)
    writes = np.bincount(owner, instance["is_write"], number)
    conflicts = clock.conflicts(instance).mean(axis=1)
    features = zip(instance["length"].tolist(), writes.tolist(), conflicts.tolist(), heat.tolist(), strict=True)
    return np.argsort([insertion_key(*each) for each in features], kind="stable").tolist()


def insert(plan, transaction, draw):
    """Returns the makespan."""
    spans = clock.places(plan, transaction)
    least = np.flatnonzero(spans == spans.min()).tolist()
    place = choice(draw.choice(least), least[0], least[-1], least[len(least) // 2])
    clock.add(plan, place, transaction)
    return int(spans[place])


def solve(instance):
    draw = random.Random(instance["seed"])
    order = insertion_order(instance)
    plan = clock.begin(instance, [])
    for transaction in order:
        insert(plan, transaction, draw)
    for _ in range(SWEEPS):
        for transaction in order:
            clock.remove(plan, clock.order_of(plan).tolist().index(transaction))
            insert(plan, transaction, draw)
    return clock.order_of(plan)
