"""The smallest possible KVPR of an instance, proven.

For a fixed threshold L the question whether a placement with KVPR <= L exists is one-dimensional bin packing: the
load of a GPU is at most L (memory - size) exactly when its items load_i + L size_i sum to at most L memory. So bisect
on L and decide each packing by depth-first search.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from evaluators.systems.model_placement_cases import MEMORY, Case, Placement, largest_pressure, round_robin

_PRECISION = 1e-12
_NODES = 50_000_000
"""Most nodes of one search, some seconds; beyond, the instance stays unproven."""


@dataclass(frozen=True)
class Optimum:
    """What is known of the best placement of an instance."""

    bound: float
    """No placement has a smaller KVPR, but for rounding in the last digits."""
    proven: bool
    """Whether `bound` is the KVPR of `placement`."""
    placement: Placement
    """The best placement found."""


def find_optimum(case: Case, nodes: int = _NODES) -> Optimum:
    """Bisect between the lower bound and round robin, down to 1e-12 (relative above 1).

    Raises ValueError where round robin finds no fit.
    """
    best = round_robin(case)
    if best is None:
        raise ValueError("the trivial rule finds no fit: nothing to start the bisection from")
    low, value = case.lower_bound, largest_pressure(case, best)
    high = value
    while high - low > _PRECISION * max(1.0, high):
        threshold = (low + high) / 2
        weight = case.load + threshold * case.size
        order = np.argsort(-weight, kind="stable")
        outcome, bins = _pack(weight[order], threshold * MEMORY, case.gpus, nodes)
        if outcome < 0:
            return Optimum(low, False, best)
        if outcome == 0:
            low = threshold
            continue
        placement = np.empty(len(order), dtype=np.int64)
        placement[order] = bins
        found = largest_pressure(case, placement)
        if found < value:
            best, value = placement, found
        high = min(threshold, value)
    return Optimum(value, True, best)


@numba.njit(cache=True)
def _pack(
    weight: NDArray[np.float64], capacity: float, bins: int, nodes: int
) -> tuple[int, NDArray[np.int64]]:  # pragma: no cover - compiled
    """Pack items (descending weight) into equal bins: 1 and the bin of each item, 0 if impossible, -1 if out of nodes.

    Depth-first, one item a level. Of bins with equal room one is tried; a branch ends when the room in bins that can
    hold the smallest item is less than what is left to pack.
    """
    items = len(weight)
    room = np.full(bins, capacity)
    before = np.zeros(items)  # room of the chosen bin before the item came: adding the weight back would drift
    chosen = np.full(items, -1, dtype=np.int64)
    smallest = weight[items - 1]
    slack = 1e-14 * bins * capacity
    left = np.zeros(items + 1)
    for item in range(items - 1, -1, -1):
        left[item] = left[item + 1] + weight[item]
    item = 0
    while nodes > 0:
        nodes -= 1
        start = chosen[item] + 1
        if start > 0:
            room[start - 1] = before[item]
            chosen[item] = -1
        else:
            useful = 0.0
            for index in range(bins):
                if room[index] >= smallest:
                    useful += room[index]
            if useful < left[item] - slack:
                start = bins
        for index in range(start, bins):
            if room[index] < weight[item]:
                continue
            seen = False
            for earlier in range(index):
                if room[earlier] == room[index]:
                    seen = True
                    break
            if not seen:
                chosen[item] = index
                break
        if chosen[item] >= 0:
            before[item] = room[chosen[item]]
            room[chosen[item]] -= weight[item]
            item += 1
            if item == items:
                return 1, chosen
        else:
            item -= 1
            if item < 0:
                return 0, chosen
    return -1, chosen
