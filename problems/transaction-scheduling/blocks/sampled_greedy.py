"""Front to back, many times: of transactions sampled from the remaining ones, append the one with the least key."""

import random
from itertools import pairwise

from adrs_helpers import transaction_clock as clock
from adrs_helpers.blocks import expression, integer

SAMPLES = integer(2, 60, 30)
TRIES = integer(1, 100, 20)


def priority(increase, length, writes):
    return expression(increase, length, writes)


def sampled_greedy(instance, writes, draw):
    length = instance["length"].tolist()
    state, order, makespan = clock.new_state(instance), [], 0
    remaining = list(range(len(length)))
    while remaining:
        sampled = draw.sample(remaining, min(SAMPLES, len(remaining)))
        spans = clock.costs(state, sampled).tolist()
        keys = [priority(span - makespan, length[t], writes[t]) for span, t in zip(spans, sampled, strict=True)]
        order.append(sampled[keys.index(min(keys))])
        remaining.remove(order[-1])
        makespan = clock.append(state, order[-1])
    return makespan, order


def solve(instance):
    draw = random.Random(instance["seed"])
    offset, is_write = instance["offset"].tolist(), instance["is_write"].tolist()
    writes = [sum(is_write[first:last]) for first, last in pairwise(offset)]
    return min(sampled_greedy(instance, writes, draw) for _ in range(TRIES))[1]
