"""Search over a few numbers, a generation at a time: CMA-ES, and a step search where there is one number only.

Both start at the origin with steps of about `SPREAD` and minimise a cost.
Deterministic given the seed and the costs told.
"""

import warnings
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

SPREAD = 0.4
"""First standard deviation of every coordinate."""
_CONVERGED = 0.02

Vector = list[float]


class Optimizer(Protocol):
    """Ask for a generation, tell the costs of all of it."""

    def ask(self) -> list[Vector]:
        """The next generation."""

    def tell(self, vectors: Sequence[Vector], costs: Sequence[float]) -> None:
        """The costs of a generation, in its order; lower is better."""

    @property
    def converged(self) -> bool:
        """Whether the steps have become too small to matter."""

    @property
    def steps(self) -> list[float]:
        """The standard deviation of every coordinate, or what stands for it."""


def make(scales: Sequence[float], seed: int, cost: float) -> Optimizer:
    """The optimizer for as many dimensions as there are scales: how large the first steps of each are in comparison.

    cost: of the origin.
    """
    return StepSearch(cost) if len(scales) == 1 else CmaEs(scales, seed)


class CmaEs:
    """Covariance matrix adaptation (Hansen, arXiv 1604.00772), by the `cma` package with a generator of its own."""

    def __init__(self, scales: Sequence[float], seed: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a plotting library that is not there
            import cma

        generator = np.random.default_rng(seed)
        options = {
            "randn": lambda count, size: generator.standard_normal((count, size)),
            "CMA_stds": list(scales),
            "seed": np.nan,  # leaves the global generator alone
            "verbose": -9,
            "verb_log": 0,
            "verb_disp": 0,
        }
        self._strategy: Any = cma.CMAEvolutionStrategy([0.0] * len(scales), SPREAD, options)

    def ask(self) -> list[Vector]:
        """The next generation."""
        return [[float(value) for value in vector] for vector in self._strategy.ask()]

    def tell(self, vectors: Sequence[Vector], costs: Sequence[float]) -> None:
        """The costs of a generation, in its order; lower is better."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # equal costs are no news to us
            self._strategy.tell([np.array(vector) for vector in vectors], list(costs))

    @property
    def converged(self) -> bool:
        """Whether the largest standard deviation has become too small to matter."""
        return max(self.steps) < _CONVERGED

    @property
    def steps(self) -> list[float]:
        """The standard deviation of every coordinate."""
        return [float(value) for value in self._strategy.stds]


class StepSearch:
    """A pattern search in one dimension: four points around the best, wider after a success, closer after none."""

    def __init__(self, cost: float) -> None:
        """Start at the origin, which has this cost."""
        self._best = 0.0
        self._cost = cost
        self._step = SPREAD

    def ask(self) -> list[Vector]:
        """The next generation."""
        return [[self._best + factor * self._step] for factor in (-2.0, -1.0, 1.0, 2.0)]

    def tell(self, vectors: Sequence[Vector], costs: Sequence[float]) -> None:
        """The costs of a generation, in its order; lower is better."""
        cost, vector = min(zip(costs, vectors, strict=True))
        if cost < self._cost:
            self._best, self._cost = vector[0], cost
            self._step *= 1.5
        else:
            self._step *= 0.4

    @property
    def converged(self) -> bool:
        """Whether the step has become too small to matter."""
        return self._step < _CONVERGED

    @property
    def steps(self) -> list[float]:
        """The step."""
        return [self._step]
