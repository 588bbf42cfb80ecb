"""A problem whose workloads take milliseconds, and a network that decides in it."""

from pathlib import Path

import numpy as np
import pytest

from adrs import problem
from adrs.distill.symbolic.closed_loop import ClosedLoop
from adrs.distill.symbolic.teacher import load_network
from adrs.distill.symbolic.workers import Workers


def write_network(path, **changes):
    """Eight inputs, two hidden units: against the newest error and inflow."""
    first = np.zeros((8, 2), dtype=np.float32)
    first[6, 0], first[7, 1] = 1.0, 1.0
    arrays = {
        "w0": first, "b0": np.zeros(2, np.float32),
        "w1": np.array([[-1.2], [-3.0]], np.float32), "b1": np.zeros(1, np.float32),
        "activation": np.array(["tanh"]), "transforms": np.array(["identity", "logarithm"]),
        "lows": np.array([-10, 0.1], np.float32), "highs": np.array([10, 10], np.float32),
        "scales": np.array([1, 1], np.float32),
    } | changes  # fmt: skip
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


@pytest.fixture(scope="session")
def valve():
    return problem.load(str(Path(__file__).parent / "valve"))


@pytest.fixture
def loop(valve):
    return ClosedLoop(valve, Workers(0))


@pytest.fixture(scope="session")
def network(valve, tmp_path_factory):
    return load_network(write_network(tmp_path_factory.mktemp("teacher") / "W.npz"), valve.distillation.inputs)
