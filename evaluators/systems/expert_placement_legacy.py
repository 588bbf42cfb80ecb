"""Slot loads by the rules of the public evaluator, holes included: for comparison only.

It takes three maps and never asks whether they agree: `phy2log`, the expert in each slot, which it ignores; `log2phy`,
the slots of each expert, padded with -1; and `logcnt`, how many of them count. A slot that is listed twice for an
expert gets one replica's share only, so load vanishes; arithmetic is in float32.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np


def slot_loads(answer: np.ndarray | Mapping[str, Any], load: np.ndarray) -> np.ndarray:
    """float32[layers, slots], tokens, for a load of int64[layers, experts].

    answer: the three maps, int64[layers, slots], int64[layers, experts, most replicas] and int64[layers, experts], or
    the first alone, from which the others then follow.
    """
    if isinstance(answer, Mapping):
        slots = answer["phy2log"].shape[1]
        log2phy, logcnt = answer["log2phy"], answer["logcnt"]
    else:
        slots = answer.shape[1]
        log2phy, logcnt = maps(answer, load.shape[1])
    layers, experts, most = log2phy.shape
    counted = np.arange(most) < logcnt[:, :, None]
    layer, expert, place = np.nonzero(counted)
    slot = log2phy[layer, expert, place] % slots  # -1 is the last slot, as in any indexing
    once = np.unique((layer * experts + expert) * slots + slot)
    share = load.astype(np.float32) / np.maximum(logcnt, 1).astype(np.float32)
    row, slot = np.divmod(once, slots)
    total = np.zeros((layers, slots), dtype=np.float32)
    np.add.at(total, (row // experts, slot), share.ravel()[row])
    return total


def maps(placement: np.ndarray, experts: int) -> tuple[np.ndarray, np.ndarray]:
    """The other two maps of a placement, int64[layers, slots]: the slots of each expert, and how many they are."""
    of_expert = placement[:, None, :] == np.arange(experts)[:, None]
    logcnt = of_expert.sum(axis=2)
    log2phy = np.full((*logcnt.shape, int(logcnt.max())), -1)
    layer, expert, slot = np.nonzero(of_expert)
    position = (of_expert.cumsum(axis=2) - 1)[layer, expert, slot]
    log2phy[layer, expert, position] = slot
    return log2phy, logcnt
