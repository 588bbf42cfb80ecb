"""Full greedy from every start; the best order, the earliest start first."""

import numpy as np

from adrs_helpers import transaction_clock as clock


def full_greedy(empty, start, number):
    state = clock.copy(empty)
    clock.append(state, start)
    order = [start]
    remaining = np.delete(np.arange(number), start)
    while len(remaining):
        chosen = int(clock.costs(state, remaining).argmin())
        order.append(int(remaining[chosen]))
        clock.append(state, order[-1])
        remaining = np.delete(remaining, chosen)
    return clock.makespan_so_far(state), order


def solve(instance):
    number = instance["num_transactions"]
    empty = clock.new_state(instance)
    return min((full_greedy(empty, start, number) for start in range(number)), key=lambda found: found[0])[1]
