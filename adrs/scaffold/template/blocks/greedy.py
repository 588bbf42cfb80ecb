"""Greedy in some order, then swaps off the busiest machine. Calls of holes are filled in by the proposer."""

import numpy as np

from adrs_helpers.blocks import choice, integer


def solve(instance):
    length = instance["length"]
    busy = np.zeros(instance["machines"])
    machine = np.zeros(len(length), dtype=np.int64)
    order = choice(np.argsort(-length, kind="stable"), np.arange(len(length)), np.argsort(length, kind="stable"))
    for job in order:
        machine[job] = np.argmin(busy)
        busy[machine[job]] += length[job]
    for _ in range(integer(1, 200, 5)):
        worst = np.argmax(busy)
        mine = np.flatnonzero(machine == worst)
        theirs = np.flatnonzero(machine != worst)
        shifted = length[mine][:, None] - length[theirs][None, :]  # s, that a swap takes off the busiest machine
        after = np.maximum(busy[worst] - shifted, busy[machine[theirs]] + shifted)
        first, second = np.unravel_index(np.argmin(after), after.shape)
        if after[first, second] >= busy[worst]:
            break
        other = machine[theirs[second]]
        busy[worst] -= shifted[first, second]
        busy[other] += shifted[first, second]
        machine[mine[first]], machine[theirs[second]] = other, worst
    return machine
