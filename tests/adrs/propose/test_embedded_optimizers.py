"""The optimizers under the tuning of constants."""

import numpy as np
import pytest

from adrs.propose.embedded import optimizers


def minimise(dimensions: int, seed: int, generations: int = 40) -> tuple[list[list[float]], float]:
    target = np.linspace(-1.0, 1.5, dimensions)
    optimizer = optimizers.make([1.0] * dimensions, seed, float((target**2).sum()))
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


def test_a_step_search_stays_where_it_began_and_comes_closer_where_nothing_is_better() -> None:
    search = optimizers.StepSearch(cost=0.0)
    for _ in range(4):
        vectors, step = search.ask(), search.steps[0]
        assert sum(vector[0] for vector in vectors) == pytest.approx(0.0)
        search.tell(vectors, [vector[0] ** 2 for vector in vectors])
        assert search.steps[0] < step
    assert search.converged
