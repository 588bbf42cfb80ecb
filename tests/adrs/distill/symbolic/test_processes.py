"""What the shipped problems measure must cross from the processes that score to the one that chooses."""

import asyncio
import pickle

import pytest

from adrs import problem
from adrs.distill.symbolic.closed_loop import ClosedLoop
from adrs.distill.symbolic.workers import Workers
from adrs.evaluation import Metrics
from adrs.rule.form import Constant, Leaf, Rule

SHIPPED = [loaded for loaded in map(problem.load, problem.shipped()) if loaded.distillation is not None]


@pytest.mark.slow
@pytest.mark.parametrize("loaded", SHIPPED, ids=lambda loaded: loaded.name)
def test_rules_are_scored_in_other_processes(loaded):
    rule = Rule(loaded.distillation.inputs, Leaf(Constant(0.5)))
    specs = loaded.workloads["train"][:1]
    with Workers(1) as workers:
        [there] = asyncio.run(ClosedLoop(loaded, workers).outcomes([rule], specs))
    [here] = asyncio.run(ClosedLoop(loaded, Workers(0)).outcomes([rule], specs))
    assert there == here
    assert there.instances


def test_what_is_computed_on_demand_stays_with_its_workload():
    metrics = Metrics(weight=2.0, bounds={"value": 1.0}, feedback="slow", value=0.5)
    metrics.details = lambda: [{"link": 1}]
    metrics.replicates = lambda: [0.5]
    crossed = pickle.loads(pickle.dumps(metrics))
    assert crossed == metrics
    assert (crossed.weight, crossed.bounds, crossed.feedback) == (2.0, {"value": 1.0}, "slow")
    assert crossed.details is crossed.replicates is None
