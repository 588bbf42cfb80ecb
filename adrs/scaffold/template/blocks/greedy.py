"""Greedy by a key, then moves of single jobs off the busiest machine. Calls of holes are filled in by the proposer."""

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
    for _ in range(integer(1, 200, 20)):
        worst = np.argmax(busy)
        best = np.argmin(busy)
        fitting = [job for job in np.flatnonzero(machine == worst) if busy[best] + length[job] < busy[worst]]
        if not fitting:
            break
        job = choice(max, min)(fitting, key=lambda job: length[job])
        busy[worst] -= length[job]
        busy[best] += length[job]
        machine[job] = best
    return machine
