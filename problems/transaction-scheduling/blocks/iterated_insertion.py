"""Iterated greedy: take some transactions out, insert each where the makespan grows least, keep what is good enough.

After Ruiz and Stuetzle, "A simple and effective iterated greedy algorithm for the flow shop" (2007).
"""

import math
import random

import numpy as np

from adrs_helpers import transaction_clock as clock
from adrs_helpers.blocks import choice, integer, real

INSERTIONS = integer(2, 300, 30)
"""For each transaction."""
TAKEN_OUT = integer(1, 12, 4)
HOT = real(0.05, 5.0, 0.5)
COLD = real(0.01, 1.0, 0.1)


def insert(plan, transaction, draw):
    """Returns the makespan."""
    spans = clock.places(plan, transaction)
    least = np.flatnonzero(spans == spans.min()).tolist()
    place = choice(draw.choice(least), least[0], least[-1])
    clock.add(plan, place, transaction)
    return int(spans[place])


def solve(instance):
    number = instance["num_transactions"]
    draw = random.Random(instance["seed"])
    first = choice(list(range(number)), np.argsort(-clock.conflicts(instance).sum(axis=1)).tolist())
    plan = clock.begin(instance, [])
    for transaction in first:
        present = insert(plan, transaction, draw)
    best, order = present, clock.order_of(plan)
    rounds = INSERTIONS * number // TAKEN_OUT
    for step in range(rounds):
        before = clock.order_of(plan)
        taken = [clock.remove(plan, draw.randrange(number - out)) for out in range(min(TAKEN_OUT, number))]
        for transaction in taken:
            makespan = insert(plan, transaction, draw)
        temperature = HOT * (COLD / HOT) ** (step / rounds)
        if makespan <= present - temperature * math.log(1.0 - draw.random()):
            present = makespan
        else:
            clock.rearrange(plan, before)
        if present < best:
            best, order = present, clock.order_of(plan)
    return order
