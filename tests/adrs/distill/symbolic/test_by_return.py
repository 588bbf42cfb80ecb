"""Links that are alike in condition and return share a branch, if what can be seen tells them apart."""

import asyncio

import numpy as np
import pytest

from adrs.distill.record import Samples
from adrs.distill.symbolic.by_return import clustered, grow
from adrs.distill.symbolic.closed_loop import Single
from adrs.program import Recording
from adrs.rule.form import Feature, Inputs, Terminal

INPUTS = Inputs(tuple(Feature(name, name, "1", 0.0, -9.0, 9.0) for name in "xy"), window=3, low=-5.0, high=5.0)
X, Y = Terminal(0, "mean"), Terminal(1, "mean")
ROWS = 50


def single(kind: int, seed: int) -> Single:
    """Links of kind 1 have a long queue, return little, and show a larger x."""
    generator = np.random.default_rng(seed)
    rows = np.concatenate(
        [generator.normal(3.0 * kind, 0.1, (ROWS, 3, 1)), generator.normal(size=(ROWS, 3, 1))], axis=2
    )
    flow = np.zeros(ROWS, dtype=np.int64)
    samples = Samples(
        "f", {"o": rows.reshape(ROWS, 6)}, np.zeros(ROWS), ("w",), ("train",), flow, flow, np.arange(ROWS)
    )
    condition = (float(kind) + generator.normal(scale=0.01), generator.normal(scale=0.01))
    return Single(condition, 1.0 - kind + generator.normal(scale=0.01), samples)


@pytest.fixture(scope="module")
def singles() -> list[Single]:
    return [single(place % 2, place) for place in range(40)]


def test_clusters_are_of_condition_and_return(singles: list[Single]) -> None:
    clusters = clustered(singles, 2, 0)
    assert len(set(clusters[0::2])) == len(set(clusters[1::2])) == 1
    assert clusters[0] != clusters[1]


def test_the_branch_tells_clusters_apart_by_what_can_be_seen(singles: list[Single]) -> None:
    (tree,) = grow(singles, INPUTS, [X, Y], 2, 0)
    assert (tree.terminal, tree.below, tree.above) == (X, None, None)
    assert 0.5 < tree.threshold < 2.5
    assert grow(singles, INPUTS, [X, Y], 2, 0) == [tree]


def test_what_cannot_be_seen_makes_no_branch(singles: list[Single]) -> None:
    assert grow(singles, INPUTS, [Y], 2, 0) == [] or grow(singles, INPUTS, [X], 2, 0)[0].terminal == X


def test_instances_are_scored_and_recorded_by_themselves(valve, loop, network) -> None:
    specs = valve.workloads["train"]
    singles = asyncio.run(loop.singles(network, specs, Recording("valve", evenly=True)))
    assert len(singles) == 24
    (together,) = asyncio.run(loop.outcomes([network], specs))
    assert sorted(each.fitness for each in singles) == pytest.approx(sorted(together.instances))
    assert {each.samples.flows for each in singles} == {1}
    assert all(0.5 <= condition <= 1.5 for each in singles for condition in each.condition)
