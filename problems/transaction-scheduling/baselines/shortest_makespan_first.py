"""SMF, sampled greedy ("Towards Optimal Transaction Scheduling", VLDB 2024).

Of ten transactions sampled from the remaining ones, append the one with the least resulting makespan. The generator and
the order of its draws are those of the published program, so that its digits come out.
"""

from random import Random

from adrs_helpers import transaction_clock as clock

SAMPLES = 10


def shortest_makespan_first(instance, generator):
    remaining = list(range(instance["num_transactions"]))
    order = [remaining.pop(generator.randint(0, len(remaining) - 1))]
    state = clock.new_state(instance)
    clock.append(state, order[0])
    while remaining:
        generator.random()
        sampled = []
        for _ in range(min(SAMPLES, len(remaining))):
            index = generator.randint(0, len(remaining) - 1) if len(remaining) > 1 else 0
            sampled.append(remaining.pop(index))
        best = min(sampled, key=lambda transaction: clock.cost(state, transaction))
        clock.append(state, best)
        order.append(best)
        remaining += [transaction for transaction in sampled if transaction != best]
    return order


def solve(instance):
    return shortest_makespan_first(instance, Random(42))
