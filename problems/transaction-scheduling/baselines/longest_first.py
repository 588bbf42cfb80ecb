"""Longest transaction first; ties by lower number."""

import numpy as np


def solve(instance):
    return np.argsort(-instance["length"], kind="stable")
