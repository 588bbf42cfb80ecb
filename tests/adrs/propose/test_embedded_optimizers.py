"""The optimizers under the tuning of constants."""

import numpy as np
import pytest

from adrs.propose.embedded import optimizers


def minimise(dimensions: int, seed: int, generations: int = 40) -> tuple[list[list[float]], float]:
    optimizer, target = optimizers.make([1.0] * dimensions, seed), np.linspace(-1.0, 1.5, dimensions)
    asked, best = [], np.inf
    for _ in range(generations):
        vectors = optimizer.ask()
        costs = [float(((np.array(vector) - target) ** 2).sum()) for vector in vectors]
        best = min(best, *costs)
        asked += vectors
        optimizer.tell(vectors, costs)
        if optimizer.converged:
            break
    return asked, best


@pytest.mark.parametrize("dimensions", [1, 2, 6])
def test_comes_close_and_repeats_exactly(dimensions: int) -> None:
    asked, best = minimise(dimensions, 5)
    assert best < 0.01
    assert minimise(dimensions, 5)[0] == asked


def test_leaves_the_global_generator_alone() -> None:
    before = np.random.get_state()[1].copy()
    minimise(3, 1, 5)
    assert (np.random.get_state()[1] == before).all()
