"""Answers are compared wherever numbers are answered to numbers, declared or not."""

import asyncio

import pytest

from adrs import problem
from adrs.distill.minimise.behaviour import observe
from adrs.distill.record import replay
from adrs.evaluate.pool import LocalPool

SMOOTHED = """
def on_start(state):
    state["slow"] = 1.0
    return 1.0

def on_ack(sample, state):
    state["slow"] += 0.5 * (sample["rtt_last"] - state["slow"])
    return 0.9 * sample["window"] if state["slow"] > 1.5 else sample["window"] + 0.01
"""


@pytest.fixture(scope="module")
def incast():
    """What is seen of a program with a state, and how far two others are from it."""
    loaded = problem.load("congestion-control-incast")
    assert loaded.distillation is None

    async def work():
        pool = LocalPool(loaded, 1)
        try:
            await pool.start()
            behaviour, why_not = await observe(loaded, pool, SMOOTHED, loaded.workloads["train"][:1])
            assert behaviour is not None, why_not
            texts = SMOOTHED, SMOOTHED.replace("0.01", "0.010001"), SMOOTHED.replace("0.9 *", "0.5 *")
            return behaviour, [behaviour.distance(await replay(pool, text, behaviour.samples)) for text in texts]
        finally:
            await pool.close()

    return asyncio.run(work())


def test_the_only_function_that_decides_is_recorded(incast):
    behaviour, _ = incast
    assert behaviour.samples.function == "on_ack"
    assert len(behaviour.samples) > 100
    assert "sample.rtt_last" in behaviour.samples.observations


def test_scenarios_begin_as_they_do_in_the_simulator(incast):
    """Without `on_start` the state would be empty, and the program fail."""
    _, (same, near, far) = incast
    assert same.mean == 0.0
    assert near.mean > 0.0
    assert not near.broken
    assert "actions differ" in far.broken


@pytest.mark.parametrize(
    ("name", "why"),
    [("model-placement", ""), ("query-routing", "no function answers a number"), ("expert-placement", "no function")],
)
def test_elsewhere_nothing_is_recorded(name, why):
    behaviour, why_not = asyncio.run(observe(problem.load(name), None, "", ()))
    assert behaviour is None
    assert why_not.startswith(why)
    assert bool(why) == bool(why_not)
