"""Transactions that conflict with most others first; ties by lower number."""

import numpy as np

from adrs_helpers import transaction_clock as clock


def solve(instance):
    return np.argsort(-clock.conflicts(instance).sum(axis=1), kind="stable")
