"""What tuning remembers of numbers by their names."""

import numpy as np
import pytest

from adrs.propose.embedded.optimizers import make
from adrs.propose.embedded.step_memory import StepMemory

_CURVATURES = np.array([1.0, 1e2, 1e4])
_TARGET = np.array([0.5, 0.05, -0.005])


def cost(vector: list[float]) -> float:
    return float((_CURVATURES * (np.array(vector) - _TARGET) ** 2).sum())


def test_unknown_numbers_start_alike() -> None:
    assert StepMemory().scales(["a", "b"]) == [1.0, 1.0]


def test_a_second_session_starts_with_the_steps_that_the_first_one_found() -> None:
    memory = StepMemory()
    names = ["wide", "middle", "narrow"]
    reached = []
    for _ in range(2):
        optimizer = make(memory.scales(names), 1, cost([0.0] * 3))
        for _ in range(12):
            vectors = optimizer.ask()
            optimizer.tell(vectors, [cost(vector) for vector in vectors])
        reached.append(min(cost(vector) for vector in optimizer.ask()))
        memory.learn(names, optimizer.steps)
    assert reached[1] < reached[0]
    wide, middle, narrow = memory.scales(names)
    assert wide > middle > narrow
    assert wide * middle * narrow == pytest.approx(1.0)
    assert memory.scales(["narrow", "new"])[0] < 1.0


def test_what_is_remembered_is_bounded() -> None:
    memory = StepMemory()
    for number in range(5000):
        memory.learn([f"a{number}", f"b{number}"], [1e-9, 1.0])
    assert len(memory._scales) <= 2048
    scales = memory.scales(["a4999", "b4999"])
    assert scales[1] / scales[0] <= 16.01
