"""Instances of model placement: what they are, how they are drawn, and the two rules that say which can be placed.

The two rules are the trusted side's own copies of the baselines in the roles trivial and state-of-the-art: they decide
which draws are kept, and the first of them is the anchor of the public leaderboard's formula.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

MEMORY = 80.0
"""Memory of a GPU, GB."""
NO_ROOM = 1e6
"""KVPR of a GPU whose memory is filled to the last byte."""
CASES = 10
"""Instances of a drawn workload."""

PRISM_WEIGHTS = (
    2.1875, 2.263671875, 2.279296875, 2.650390625, 4.6640625, 5.212890625, 5.65234375, 5.94921875, 6.0, 6.73046875,
    7.12109375, 7.169921875, 7.19140625, 8.0, 12.55, 13.490234375, 15.005859375, 15.080078125, 17.21484375, 17.5,
    22.849609375, 24.376953125,
)  # fmt: skip
"""Distinct sizes of the weights, GiB, of the models that Prism was measured with (arXiv 2505.04021, its artifact)."""

Placement = NDArray[np.int64]
"""The GPU of each model."""


@dataclass(frozen=True)
class Case:
    """One instance. All arrays are indexed by model."""

    gpus: int
    size: NDArray[np.float64]
    """Weights, GB."""
    request_rate: NDArray[np.float64]
    """Requests per second."""
    slo: NDArray[np.float64]
    """Latency target, s."""

    @cached_property
    def load(self) -> NDArray[np.float64]:
        """Request pressure of each model: request_rate / slo, 1/s^2."""
        return self.request_rate / self.slo

    @cached_property
    def relaxed_bound(self) -> float:
        """KVPR if models could be split at will: all load over all memory that the weights leave, 1/(s^2 GB)."""
        return float(self.load.sum() / (self.gpus * MEMORY - self.size.sum()))

    @cached_property
    def lower_bound(self) -> float:
        """The relaxed bound, or the KVPR of the most demanding model alone on a GPU, whichever is larger."""
        return max(self.relaxed_bound, float((self.load / (MEMORY - self.size)).max()))

    @cached_property
    def round_robin_value(self) -> float:
        """KVPR of the trivial rule, the lower anchor of the public leaderboard's formula."""
        placement = round_robin(self)
        if placement is None:
            raise ValueError("the trivial rule finds no fit: the instance has no scale")
        return largest_pressure(self, placement)

    def visible(self, seed: int) -> dict[str, Any]:
        """What the policy is given."""
        return {
            "gpus": self.gpus, "memory": MEMORY, "size": self.size, "request_rate": self.request_rate,
            "slo": self.slo, "seed": seed,
        }  # fmt: skip


def gpu_pressures(case: Case, placement: Placement) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """KVPR and used memory (GB) of each GPU.

    KVPR, the KV pressure ratio of Prism (arXiv 2505.04021), is the sum of request_rate / slo over the models of a GPU
    divided by the memory that their weights leave. Sums run in ascending model number.
    """
    used, load = _sums(case, placement, case.size), _sums(case, placement, case.load)
    free = MEMORY - used
    pressures = np.full(case.gpus, NO_ROOM)
    np.divide(load, free, out=pressures, where=free > 0)
    return pressures, used


def _sums(case: Case, placement: Placement, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the values of its models for each GPU."""
    return cast("NDArray[np.float64]", np.bincount(placement, weights=values, minlength=case.gpus))


def largest_pressure(case: Case, placement: Placement) -> float:
    """KVPR of the worst GPU, the value of a placement."""
    return float(gpu_pressures(case, placement)[0].max())


def round_robin(case: Case) -> Placement | None:
    """Model i on GPU i mod gpus; if one overflows, models by descending size onto the emptiest GPU. None: no fit."""
    placement = np.arange(len(case.size)) % case.gpus
    if _sums(case, placement, case.size).max() <= MEMORY:
        return placement
    return _place(case, np.argsort(-case.size, kind="stable"), lambda load, free: -free)


def prism_greedy(case: Case) -> Placement | None:
    """Algorithm 1 of Prism (arXiv 2505.04021) without its threshold. None: no fit.

    Models by descending load, each onto the GPU that fits it and has the least load per free GB before it comes;
    if one finds no place, once more by descending size.
    """
    ratio = _current_ratio
    by_load = _place(case, np.argsort(-case.load, kind="stable"), ratio)
    return _place(case, np.argsort(-case.size, kind="stable"), ratio) if by_load is None else by_load


def _current_ratio(load: NDArray[np.float64], free: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = np.full(len(load), np.inf)
    np.divide(load, free, out=ratio, where=free > 0)
    return ratio


def _place(
    case: Case,
    order: NDArray[np.int64],
    key: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
) -> Placement | None:
    """Each model in turn onto the GPU with the smallest key among those where it fits, lowest number first."""
    free, load = np.full(case.gpus, MEMORY), np.zeros(case.gpus)
    placement = np.zeros(len(case.size), dtype=np.int64)
    for model in order:
        fits = case.size[model] <= free
        if not fits.any():
            return None
        gpu = int(np.argmin(np.where(fits, key(load, free), np.inf)))
        if not fits[gpu]:  # every GPU where it fits is full: the model has no size
            gpu = int(np.argmax(fits))
        placement[model] = gpu
        free[gpu] -= case.size[model]
        load[gpu] += case.load[model]
    return placement


def draw(family: str, seed: int | None) -> list[Case]:
    """The instances of a workload. Raises ValueError for an unknown family, or one that lacks a seed or takes none."""
    if family == "published":
        if seed is not None:
            raise ValueError("family published is not drawn: it takes no seeds")
        return list(islice(_published(), 50))
    generators = {"small": _small, "fragmented": _fragmented, "large": _large}
    if family not in generators:
        raise ValueError(f"unknown family {family!r}; known: published, {', '.join(generators)}")
    if seed is None:
        raise ValueError(f"family {family} needs seeds")
    drawn = generators[family](np.random.default_rng(seed))
    return list(islice(filter(_has_scale, drawn), CASES))


def _has_scale(case: Case) -> bool:
    """Whether both rules find a fit that leaves room on every GPU; an instance on which they do not is drawn again."""
    placements = (round_robin(case), prism_greedy(case))
    return all(placement is not None and largest_pressure(case, placement) < NO_ROOM for placement in placements)


def _published() -> Iterator[Case]:
    """The 50 instances of the public evaluators (ADRS, arXiv 2510.06189): numpy's legacy generator, seed 42."""
    random = np.random.RandomState(42)
    while True:
        gpus = random.randint(5, 10)
        rows = [(random.randint(10, 30), random.randint(1, 10), random.randint(5, 10)) for _ in range(2 * gpus)]
        yield _case(gpus, rows)


def _small(random: np.random.Generator) -> Iterator[Case]:
    """The distribution of the published instances."""
    while True:
        gpus = int(random.integers(5, 10))
        rows = [(random.integers(10, 30), random.integers(1, 10), random.integers(5, 10)) for _ in range(2 * gpus)]
        yield _case(gpus, rows)


def _fragmented(random: np.random.Generator) -> Iterator[Case]:
    """GPUs filled to 36..56 GB and cut into 3 to 6 models each, then shuffled: tight, and a fit is known to exist."""
    while True:
        gpus = int(random.integers(6, 17))
        parts: list[NDArray[np.int64]] = []
        for _ in range(gpus):
            total, count = 80 - int(random.integers(24, 45)), int(random.integers(3, 7))
            cuts = np.sort(random.choice(np.arange(1, total), size=count - 1, replace=False))
            parts.append(np.diff(np.concatenate(([0], cuts, [total]))))
        size = np.concatenate(parts).astype(np.float64)
        rate = _rounded(np.exp(random.normal(1.0, 0.8, len(size))))
        slo = _rounded(np.exp(random.normal(1.5, 0.5, len(size))))
        yield Case(gpus, size[random.permutation(len(size))], rate, slo)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values.round(3)


def _large(random: np.random.Generator) -> Iterator[Case]:
    """Clusters of 16 to 64 GPUs, sizes of real models up to 60 % of the memory, request rates with a heavy tail."""
    while True:
        gpus = int(random.integers(16, 65))
        sizes: list[float] = []
        while sum(sizes) < 0.6 * gpus * MEMORY:
            sizes.append(float(random.choice(PRISM_WEIGHTS)))
        rate = random.pareto(1.5, len(sizes)) + 0.1
        slo = random.choice([1.0, 2.0, 5.0, 10.0, 20.0], len(sizes))
        yield Case(gpus, np.array(sizes), rate, slo)


def _case(gpus: int, rows: Sequence[Sequence[int | np.int64]]) -> Case:
    """rows: size, request rate and latency target of each model."""
    size, rate, slo = np.array(rows, dtype=np.float64).T.copy()
    return Case(gpus, size, rate, slo)
