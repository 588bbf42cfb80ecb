"""Of all remaining transactions, append the one with the least resulting makespan; ties to the lowest number."""

import numpy as np

from adrs_helpers import transaction_clock as clock


def full_greedy(instance, start):
    state = clock.new_state(instance)
    clock.append(state, start)
    order = [start]
    remaining = np.delete(np.arange(instance["num_transactions"]), start)
    while len(remaining):
        chosen = int(clock.costs(state, remaining).argmin())
        order.append(int(remaining[chosen]))
        clock.append(state, order[-1])
        remaining = np.delete(remaining, chosen)
    return order


def solve(instance):
    return full_greedy(instance, 0)
