"""Compiled costs and moves for placing models on GPUs.

Everywhere, with m models and g GPUs:

    gpu: int64[m]           the GPU of each model
    size: float64[m]        memory that a model takes (GB)
    load: float64[m]        its request_rate / slo
    used, demand: float64[g]  sums of size and load over the models of each GPU
    memory: float           memory of a GPU (GB)

The types are fixed: another one (int32, a list) is a TypeError. Only `apply_move` and `apply_swap` write to arguments.

The pressure of a GPU (KVPR) is demand / (memory - used). A full GPU counts a million; an overfull one more, by the
gigabyte, so that a search is led back to placements that fit. Values of moves are the larger pressure of the two GPUs
that change: a move off the worst GPU is an improvement where its value is below the pressure of that GPU.
"""

import numpy as np
from numba import boolean, float64, int64, njit, types, void
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_MOVE = types.Tuple((int64, int64, float64))  # type: ignore[no-untyped-call]
_PACKING = types.Tuple((boolean, int64[::1]))  # type: ignore[no-untyped-call]
_TOTALS = types.UniTuple(float64[::1], 2)  # type: ignore[no-untyped-call]
_FLOATS = types.Array(float64, 1, "A", readonly=True)
_INTEGERS = types.Array(int64, 1, "A", readonly=True)
_PROBLEM = (_INTEGERS, _FLOATS, _FLOATS, _FLOATS, _FLOATS, float64)
"""gpu, size, load, used, demand, memory."""
_IN_PLACE = (int64[:], _FLOATS, _FLOATS, float64[:], float64[:])
"""gpu, size, load, used, demand."""

BEST_FIT, FIRST_FIT, WORST_FIT = 0, 1, 2
"""Rules of `pack`: the least room that suffices, the first bin, the most room."""


@njit(float64(float64, float64, float64), cache=True)
def pressure(used: float, demand: float, memory: float) -> float:
    """KVPR of one GPU from its sums."""
    free = memory - used
    if free > 0.0:
        return demand / free
    return 1e6 * (1.0 - free)


@njit(_TOTALS(_INTEGERS, _FLOATS, _FLOATS, int64), cache=True)
def totals(gpu: Integers, size: Floats, load: Floats, gpus: int) -> tuple[Floats, Floats]:
    """`used` and `demand` of each GPU, summed in ascending model number."""
    used = np.zeros(gpus)
    demand = np.zeros(gpus)
    for model in range(len(gpu)):
        used[gpu[model]] += size[model]
        demand[gpu[model]] += load[model]
    return used, demand


@njit(float64[::1](_FLOATS, _FLOATS, float64), cache=True)
def pressures(used: Floats, demand: Floats, memory: float) -> Floats:
    """KVPR of each GPU."""
    values = np.empty(len(used))
    for index in range(len(used)):
        values[index] = pressure(used[index], demand[index], memory)
    return values


@njit(int64(_FLOATS, _FLOATS, float64), cache=True)
def worst_gpu(used: Floats, demand: Floats, memory: float) -> int:
    """The GPU with the largest pressure, lowest number first."""
    worst, largest = 0, -1.0
    for index in range(len(used)):
        value = pressure(used[index], demand[index], memory)
        if value > largest:
            worst, largest = index, value
    return worst


@njit(float64(_INTEGERS, _FLOATS, _FLOATS, int64, float64), cache=True)
def kvpr(gpu: Integers, size: Floats, load: Floats, gpus: int, memory: float) -> float:
    """The value of a placement: pressure of its worst GPU."""
    used, demand = totals(gpu, size, load, gpus)
    worst = worst_gpu(used, demand, memory)
    return pressure(used[worst], demand[worst], memory)


@njit(float64(int64, int64, *_PROBLEM), cache=True)
def move_value(
    model: int, target: int, gpu: Integers, size: Floats, load: Floats, used: Floats, demand: Floats, memory: float
) -> float:
    """Larger pressure of the two GPUs after `model` has moved to `target`."""
    source = gpu[model]
    if source == target:
        return pressure(used[source], demand[source], memory)
    left = pressure(used[source] - size[model], demand[source] - load[model], memory)
    right = pressure(used[target] + size[model], demand[target] + load[model], memory)
    return max(left, right)


@njit(float64(int64, int64, *_PROBLEM), cache=True)
def swap_value(
    first: int, second: int, gpu: Integers, size: Floats, load: Floats, used: Floats, demand: Floats, memory: float
) -> float:
    """Larger pressure of the two GPUs after models `first` and `second` have changed places."""
    source, target = gpu[first], gpu[second]
    if source == target:
        return pressure(used[source], demand[source], memory)
    grown, added = size[second] - size[first], load[second] - load[first]
    left = pressure(used[source] + grown, demand[source] + added, memory)
    right = pressure(used[target] - grown, demand[target] - added, memory)
    return max(left, right)


@njit(_MOVE(int64, *_PROBLEM), cache=True)
def best_move(
    source: int, gpu: Integers, size: Floats, load: Floats, used: Floats, demand: Floats, memory: float
) -> tuple[int, int, float]:
    """Best move of a model off GPU `source`: model, target and value; (-1, -1, inf) if the GPU is empty."""
    best_model, best_target, best = -1, -1, np.inf
    for model in range(len(gpu)):
        if gpu[model] != source:
            continue
        for target in range(len(used)):
            if target != source:
                value = move_value(model, target, gpu, size, load, used, demand, memory)
                if value < best:
                    best_model, best_target, best = model, target, value
    return best_model, best_target, best


@njit(_MOVE(int64, *_PROBLEM), cache=True)
def best_swap(
    source: int, gpu: Integers, size: Floats, load: Floats, used: Floats, demand: Floats, memory: float
) -> tuple[int, int, float]:
    """Best swap of a model on GPU `source` with one elsewhere: both models and value; (-1, -1, inf) if none."""
    best_first, best_second, best = -1, -1, np.inf
    for first in range(len(gpu)):
        if gpu[first] != source:
            continue
        for second in range(len(gpu)):
            if gpu[second] != source:
                value = swap_value(first, second, gpu, size, load, used, demand, memory)
                if value < best:
                    best_first, best_second, best = first, second, value
    return best_first, best_second, best


@njit(void(int64, int64, *_IN_PLACE), cache=True)
def apply_move(
    model: int, target: int, gpu: Integers, size: Floats, load: Floats, used: Floats, demand: Floats
) -> None:
    """Move `model` to `target`, in place."""
    source = gpu[model]
    used[source] -= size[model]
    demand[source] -= load[model]
    used[target] += size[model]
    demand[target] += load[model]
    gpu[model] = target


@njit(void(int64, int64, *_IN_PLACE), cache=True)
def apply_swap(
    first: int, second: int, gpu: Integers, size: Floats, load: Floats, used: Floats, demand: Floats
) -> None:
    """Let two models change places, in place."""
    source, target = gpu[first], gpu[second]
    apply_move(first, target, gpu, size, load, used, demand)
    apply_move(second, source, gpu, size, load, used, demand)


@njit(_PACKING(_FLOATS, _INTEGERS, float64, int64, int64), cache=True)
def pack(weight: Floats, order: Integers, capacity: float, bins: int, rule: int) -> tuple[bool, Integers]:
    """Put items into equal bins, in the given order, by BEST_FIT, FIRST_FIT or WORST_FIT.

    Returns whether all found a place, and the bin of each item (-1 from the first that found none).
    With weight = load + L size and capacity = L memory, a packing is a placement with KVPR <= L.
    """
    room = np.full(bins, capacity)
    chosen = np.full(len(weight), -1)
    for item in order:
        best = -1
        for index in range(bins):
            if room[index] < weight[item]:
                continue
            better = best < 0 or (room[index] < room[best] if rule == BEST_FIT else room[index] > room[best])
            if better:
                best = index
            if rule == FIRST_FIT:
                break
        if best < 0:
            return False, chosen
        chosen[item] = best
        room[best] -= weight[item]
    return True, chosen


def warm() -> None:
    """Load every compiled function, with the types that candidates use."""
    size, load = np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0])
    gpu, memory = np.array([0, 1, 0]), 8.0
    used, demand = totals(gpu, size, load, 2)
    pressure(3.0, 1.0, memory)
    pressures(used, demand, memory)
    worst_gpu(used, demand, memory)
    kvpr(gpu, size, load, 2, memory)
    move_value(0, 1, gpu, size, load, used, demand, memory)
    swap_value(0, 1, gpu, size, load, used, demand, memory)
    best_move(0, gpu, size, load, used, demand, memory)
    best_swap(0, gpu, size, load, used, demand, memory)
    apply_move(0, 1, gpu, size, load, used, demand)
    apply_swap(0, 2, gpu, size, load, used, demand)
    pack(load, gpu, memory, 2, BEST_FIT)
