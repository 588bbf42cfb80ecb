"""Puts the heavier half of the models on GPU -1."""

import numpy as np


def solve(instance):
    placement = np.arange(len(instance["size"])) % instance["gpus"]
    load = instance["request_rate"] / instance["slo"]
    placement[load > np.median(load)] = -1
    return placement
