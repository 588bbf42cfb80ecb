"""Tells flows apart by the order of calls, which shows where a workload of `train` has `shuffles = 2`."""

CALLS = [0]


def on_start(state):
    return 1.0


def on_ack(sample, state):
    CALLS[0] += 1
    return 0.1 + 0.01 * (CALLS[0] % 7)
