"""Leaves the last transaction out."""


def solve(instance):
    return list(range(instance["num_transactions"] - 1))
