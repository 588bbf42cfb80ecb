"""Transactions in the order of a priority, lowest first; equal priorities in order of arrival."""


def priority(instance, transaction):
    return 0.0


def solve(instance):
    return sorted(range(instance["num_transactions"]), key=lambda transaction: priority(instance, transaction))
