"""The greedy rules for replicas and packing, one slot at a time but for all layers at once."""

import numpy as np

from adrs_helpers.blocks import real


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
    """Replicas of each expert, [rows, experts]: one by one to the largest weight per replica, all rows at once."""
    rows, experts = weight.shape
    every = np.arange(rows)
    count = np.ones((rows, experts), dtype=np.int64)
    share = weight.copy()
    for _ in range(slots - experts):
        busiest = share.argmax(axis=1)
        count[every, busiest] += 1
        share[every, busiest] = weight[every, busiest] / count[every, busiest]
    return count


def expand(weight, count, slots):
    """Replicas by descending weight: the expert and the weight of each, both [rows, slots]."""
    each = weight / count
    order = np.argsort(-each, axis=1)
    times = np.take_along_axis(count, order, axis=1).ravel()
    experts = np.repeat(order.ravel(), times).reshape(-1, slots)
    return experts, np.take_along_axis(each, experts, axis=1)


def pack(weight, count, slots, gpus):
    """By descending weight, each replica to the lightest GPU with room; all rows at once."""
    replicas, each = expand(weight, count, slots)
    rows, room = len(weight), slots // gpus
    every = np.arange(rows)
    total = np.zeros((rows, gpus))
    used = np.zeros((rows, gpus), dtype=np.int64)
    placed = np.empty((rows, slots), dtype=np.int64)
    for rank in range(slots):
        gpu = total.argmin(axis=1)
        placed[every, gpu * room + used[every, gpu]] = replicas[:, rank]
        used[every, gpu] += 1
        total[every, gpu] += each[:, rank]
        total[every[used[every, gpu] == room], gpu[used[every, gpu] == room]] = np.inf
    return placed
