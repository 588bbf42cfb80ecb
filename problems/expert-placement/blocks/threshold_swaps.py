"""Replicas by a threshold; dealt out, then improved by swaps between the heaviest and the lightest GPU."""

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
    """Replicas of each expert, [rows, experts]: as many as its weight exceeds a threshold, found by bisection."""
    spare = slots - weight.shape[1]
    weight = weight ** real(0.7, 1.3, 1.0)
    low = np.zeros((len(weight), 1))
    high = weight.sum(axis=1, keepdims=True) / spare
    for _ in range(integer(4, 24, 10)):
        middle = (low + high) / 2
        over = np.floor(weight / middle).sum(axis=1, keepdims=True) > spare
        low = np.where(over, middle, low)
        high = np.where(over, high, middle)
    return fill(weight, 1 + np.floor(weight / high).astype(np.int64), slots)


def fill(weight, count, slots):
    """One more replica for those with most load per replica, until the slots are full."""
    rank = np.argsort(np.argsort(-weight / count, axis=1), axis=1)
    return count + (rank < slots - count.sum(axis=1, keepdims=True))


def expand(weight, count, slots):
    """Replicas by descending weight: the expert and the weight of each, both [rows, slots]."""
    each = weight / count
    order = np.argsort(-each, axis=1)
    times = np.take_along_axis(count, order, axis=1).ravel()
    experts = np.repeat(order.ravel(), times).reshape(-1, slots)
    return experts, np.take_along_axis(each, experts, axis=1)


def pack(weight, count, slots, gpus):
    """Deal there and back, then let the heaviest and the lightest GPU exchange replicas a few times."""
    replicas, each = expand(weight, count, slots)
    rows = len(weight)
    dealt = np.arange(slots).reshape(-1, gpus)
    dealt[1::2] = dealt[1::2, ::-1]
    placed = replicas[:, dealt.T.ravel()].reshape(rows, gpus, -1)
    share = each[:, dealt.T.ravel()].reshape(rows, gpus, -1)
    every = np.arange(rows)
    for _ in range(integer(1, 20, 3)):
        total = share.sum(axis=2)
        high, low = total.argmax(axis=1), total.argmin(axis=1)
        gain = share[every, high][:, :, None] - share[every, low][:, None, :]
        wanted = (total[every, high] - total[every, low]) * real(0.2, 0.5, 0.5)
        best = np.abs(gain - wanted[:, None, None]).reshape(rows, -1).argmin(axis=1)
        giving, taking = np.divmod(best, share.shape[2])
        for table in (placed, share):
            given = table[every, high, giving]
            table[every, high, giving] = table[every, low, taking]
            table[every, low, taking] = given
    return placed.reshape(rows, slots)
