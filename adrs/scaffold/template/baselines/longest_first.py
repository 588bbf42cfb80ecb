"""Longest processing time first (Graham 1969): each job, longest first, to the machine that is free soonest."""

import numpy as np


def solve(instance):
    length = instance["length"]
    busy = np.zeros(instance["machines"])
    machine = np.zeros(len(length), dtype=np.int64)
    for job in np.argsort(-length, kind="stable"):
        machine[job] = np.argmin(busy)
        busy[machine[job]] += length[job]
    return machine
