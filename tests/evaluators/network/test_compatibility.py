"""Aurora's training environment: the compiled kernel, the event heap, and published-rule figures agree."""

import importlib.util
import sys
from pathlib import Path

import pytest

from evaluators.network.compatibility import STEPS, CompatibilityLink
from evaluators.network.random_stream import Stream


def load_heap():
    path = Path(__file__).parents[3] / "benchmarks" / "compatibility_heap.py"
    spec = importlib.util.spec_from_file_location("compatibility_heap", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["compatibility_heap"] = module
    spec.loader.exec_module(module)
    return module.CompatibilityHeap


CompatibilityHeap = load_heap()

REFERENCE = [
    ((200, 0.03, 5, 0, 100), 1, 2, 3_398, (0.7545903574716925, 0.606666666666666, 0.5656121274016161, -0.06),
     205.21581916652042, (0.0, 1.0, 1.0)),
    ((300, 0.1, 50, 0.02, 250), 3, 4, 38_453,
     (2.2061978083540565, 2.2000000000000006, 2.0321918899001146, 1.2806342044050754), 763.526225235618,
     (0.0, 1.0000000000000002, 1.1875000000000002)),
    ((137, 0.25, 1000, 0.05, 190), 5, 6, 525_143,
     (0.43170326823469546, 0.3061896238962437, -7.02127296025115, -7.445008346951839), -1465.4363545000606,
     (6.271993484840455e-06, 15.579829320129406, 2.2101313320825517)),
    ((450, 0.06, 2, 0.01, 400), 7, 8, 44_806,
     (3.808798144618921, 3.7125637164942065, 2.528126528350026, 3.2260246724002575), 1360.134238667978,
     (-0.00015719128827959805, 1.014370385099697, 2.2222222222222223)),
]  # fmt: skip
"""Bandwidth, delay, queue, loss, first rate; seeds of losses and actions; events; rewards at steps 1, 2, 50 and 400;
their sum; the last features."""


def uniform(seed):
    stream = Stream(seed)
    while True:
        yield stream.uniform()


def episode(link, actions, steps=STEPS):
    draws = uniform(actions)
    found = [link.step(8.0 * next(draws) - 4.0) for _ in range(steps)]
    return [(step.reward, step.features) for step in found] if isinstance(link, CompatibilityLink) else found


def close(value):
    return pytest.approx(value, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("row", REFERENCE, ids=lambda row: f"{row[0][0]} packets/s")
def test_the_kernel_gives_the_reference_figures(row):
    link, losses, actions, events, rewards, total, last = row
    kernel = CompatibilityLink(*link, seed=losses)
    found = episode(kernel, actions)
    assert kernel.events == events
    assert [found[step - 1][0] for step in (1, 2, 50, 400)] == close(list(rewards))
    assert sum(reward for reward, _ in found) == close(total)
    assert found[-1][1] == close(last)


@pytest.mark.parametrize("row", [REFERENCE[0], REFERENCE[3]], ids=["0", "3"])
def test_the_event_heap_gives_the_reference_figures(row):
    link, losses, actions, events, _, total, _ = row
    heap = CompatibilityHeap(*link, uniform(losses))
    found = episode(heap, actions)
    assert heap.events == events
    assert sum(reward for reward, _ in found) == close(total)


def test_kernel_and_event_heap_agree_on_fifty_random_links():
    draw = Stream(2026)
    for number in range(50):
        bandwidth, delay = draw.uniform(100, 500), draw.uniform(0.05, 0.5)
        queue = 1 + int(2.718281828 ** draw.uniform(0, 8))
        link = (bandwidth, delay, queue, draw.uniform(0, 0.05), draw.uniform(0.3, 1.5) * bandwidth)
        kernel, heap = CompatibilityLink(*link, seed=number), CompatibilityHeap(*link, uniform(number))
        found, expected = episode(kernel, 100 + number, 40), episode(heap, 100 + number, 40)
        assert kernel.events == heap.events
        for (reward, features), (other, other_features) in zip(found, expected, strict=True):
            assert reward == close(other)
            assert features == close(other_features)
