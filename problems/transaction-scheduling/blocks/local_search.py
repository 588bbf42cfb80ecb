"""Local search by moves and swaps that are not worse; after long without a better order, a few random moves."""

import random

from adrs_helpers import transaction_clock as clock
from adrs_helpers.blocks import choice, integer, real

STEPS = integer(20, 800, 300)
PATIENCE = integer(1, 300, 30)
"""For each transaction, as STEPS."""
KICKS = integer(1, 20, 4)
SWAPS = real(0.0, 1.0, 0.1)


def solve(instance):
    number, length = instance["num_transactions"], instance["length"].tolist()
    draw = random.Random(instance["seed"]).random
    start = choice(range(number), sorted(range(number), key=lambda t: -length[t]))
    plan = clock.begin(instance, start)
    present = best = clock.makespan_of(plan)
    order, idle = clock.order_of(plan), 0
    for _ in range(STEPS * number):
        idle += 1
        if idle > PATIENCE * number:
            clock.rearrange(plan, order)
            idle = 0
            for _ in range(KICKS):
                clock.try_move(plan, int(draw() * number), int(draw() * number), clock.NO_LIMIT)
                present = clock.keep(plan)
        first, second = int(draw() * number), int(draw() * number)
        change = clock.try_swap if draw() < SWAPS else clock.try_move
        if change(plan, first, second, present) <= present:
            present = clock.keep(plan)
            if present < best:
                best, order, idle = present, clock.order_of(plan), 0
    return order
