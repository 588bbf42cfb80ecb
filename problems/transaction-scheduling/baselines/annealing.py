"""Simulated annealing from arrival order, by moves of one transaction and swaps of two."""

import math
from random import Random

from adrs_helpers import transaction_clock as clock

STEPS = 400_000
HOT, COLD = 2.0, 0.2
MOVES = 0.7


def anneal(instance, generator):
    number = instance["num_transactions"]
    plan = clock.begin(instance, range(number))
    present = best = clock.makespan_of(plan)
    order = clock.order_of(plan)
    temperature = HOT
    draw = generator.random
    for _ in range(STEPS):
        limit = present - temperature * math.log(1.0 - draw())
        temperature *= (COLD / HOT) ** (1 / STEPS)
        first, second = int(draw() * number), int(draw() * number)
        change = clock.try_move if draw() < MOVES else clock.try_swap
        if change(plan, first, second, limit) <= limit:
            present = clock.keep(plan)
            if present < best:
                best, order = present, clock.order_of(plan)
    return order


def solve(instance):
    return anneal(instance, Random(instance["seed"]))
