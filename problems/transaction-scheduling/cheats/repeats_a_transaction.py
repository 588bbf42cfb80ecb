"""Runs the first transaction twice and the last one not at all."""


def solve(instance):
    return [0, *range(instance["num_transactions"] - 1)]
