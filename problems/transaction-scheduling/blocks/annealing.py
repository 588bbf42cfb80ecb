"""Simulated annealing by moves of one transaction and swaps of two."""

import math
import random

from adrs_helpers import transaction_clock as clock
from adrs_helpers.blocks import choice, integer, real

STEPS = integer(20, 800, 300)
"""For each transaction."""
HOT = real(0.5, 8.0, 3.0)
COLD = real(0.02, 0.5, 0.05)
SWAPS = real(0.0, 1.0, 0.1)


def greedy(instance):
    state, order = clock.new_state(instance), []
    remaining = list(range(instance["num_transactions"]))
    while remaining:
        order.append(remaining.pop(int(clock.costs(state, remaining).argmin())))
        clock.append(state, order[-1])
    return order


def solve(instance):
    number = instance["num_transactions"]
    draw = random.Random(instance["seed"]).random
    plan = clock.begin(instance, choice(greedy(instance), range(number)))
    present = best = clock.makespan_of(plan)
    order = clock.order_of(plan)
    steps = STEPS * number
    temperature, cooling = HOT, (COLD / HOT) ** (1 / steps)
    for _ in range(steps):
        limit = present - temperature * math.log(1.0 - draw())
        temperature *= cooling
        first, second = int(draw() * number), int(draw() * number)
        change = clock.try_swap if draw() < SWAPS else clock.try_move
        if change(plan, first, second, limit) <= limit:
            present = clock.keep(plan)
            if present < best:
                best, order = present, clock.order_of(plan)
    return order
