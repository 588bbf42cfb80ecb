"""Metrics that a shipped problem says the meaning of are those that its evaluator measures."""

import pytest

from adrs.evaluate.harness import load_evaluator
from adrs.problem import load, shipped
from adrs.testing.policy import InProcessPolicy

DEFINED = [name for name in shipped() if load(name).objective.metrics]


@pytest.mark.parametrize("name", DEFINED)
def test_what_is_defined_is_measured(name: str) -> None:
    problem = load(name)
    evaluator, trivial, spec = load_evaluator(problem), problem.baseline("trivial"), problem.workloads["train"][0]
    assert trivial is not None
    workload = evaluator.load(spec)
    if trivial.native:
        metrics = evaluator.reference(trivial.native, workload, spec)
    else:
        metrics = evaluator.evaluate(InProcessPolicy(problem, trivial.read()), workload, spec)
    objective = problem.objective
    assert {objective.metric, objective.workload_metric} <= set(objective.metrics)
    assert set(objective.metrics) <= {*metrics, *evaluator.summarise([(spec, metrics)])}
