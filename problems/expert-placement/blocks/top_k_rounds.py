"""Replicas by one top-k over load / m; packed in rounds of one replica a GPU."""

import numpy as np

from adrs_helpers.blocks import integer, real


def place(load, config, state):
    expected = expect(load, state)
    layers = len(load)
    slots, gpus, groups = config["slots"], config["gpus"], config["groups"]
    if not config["groups_stay_on_node"]:
        return pack(expected, replicate(expected, slots), slots, gpus)
    nodes = config["nodes"]
    members = place_groups(expected, groups, nodes)
    local = np.take_along_axis(expected, members, axis=1).reshape(layers * nodes, -1)
    chosen = pack(local, replicate(local, slots // nodes), slots // nodes, gpus // nodes)
    return np.take_along_axis(members.reshape(layers * nodes, -1), chosen, axis=1).reshape(layers, slots)


def expect(load, state):
    """Load of the next interval: a moving average of logarithms, shrunk towards the layer's mean."""
    logarithm = np.log(load + 1.0)
    if "logarithm" in state:
        logarithm += real(0.001, 0.9, 0.02) * (state["logarithm"] - logarithm)
    state["logarithm"] = logarithm
    return np.exp(real(0.5, 1.0, 0.9) * (logarithm - logarithm.mean(axis=1, keepdims=True)))


def place_groups(weight, groups, nodes):
    """The experts of each node in turn, [layers, experts]: heaviest groups there and back over the nodes."""
    layers, experts = weight.shape
    size = experts // groups
    heaviest = np.argsort(-weight.reshape(layers, groups, size).sum(axis=2), axis=1)
    rounds = np.arange(groups).reshape(-1, nodes)
    rounds[1::2] = rounds[1::2, ::-1]
    on_node = heaviest[:, rounds.T.ravel()]
    return (on_node[:, :, None] * size + np.arange(size)).reshape(layers, experts)


def replicate(weight, slots):
    """Replicas of each expert, [rows, experts]: the m-th extra one is earned at weight / m, the largest are given."""
    rows, experts = weight.shape
    spare = slots - experts
    most = min(integer(16, 64, 40), spare)
    earned = (weight[:, :, None] / np.arange(1, most + 1)).reshape(rows, -1)
    given = np.argpartition(-earned, spare - 1, axis=1)[:, :spare] // most
    flat = given + experts * np.arange(rows)[:, None]
    return 1 + np.bincount(flat.ravel(), minlength=rows * experts).reshape(rows, experts)


def expand(weight, count, slots):
    """Replicas by descending weight: the expert and the weight of each, both [rows, slots]."""
    each = weight / count
    order = np.argsort(-each, axis=1)
    times = np.take_along_axis(count, order, axis=1).ravel()
    experts = np.repeat(order.ravel(), times).reshape(-1, slots)
    return experts, np.take_along_axis(each, experts, axis=1)


def pack(weight, count, slots, gpus):
    """In each round one replica a GPU, the heaviest of the round to the GPU that is lightest so far."""
    replicas, each = expand(weight, count, slots)
    rows = len(weight)
    every = np.arange(rows)[:, None]
    total = np.zeros((rows, gpus))
    placed = np.empty((rows, gpus, slots // gpus), dtype=np.int64)
    for turn in range(slots // gpus):
        lightest = np.argsort(total, axis=1)
        placed[every, lightest, turn] = replicas[:, turn * gpus : (turn + 1) * gpus]
        total[every, lightest] += each[:, turn * gpus : (turn + 1) * gpus]
        total *= real(0.5, 1.0, 0.9)
    return placed.reshape(rows, slots)
