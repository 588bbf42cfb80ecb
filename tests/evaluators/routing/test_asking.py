"""How all routing problems ask: what may fail, what must come out the same twice, and how long it may take."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adrs import problem as problems
from adrs.evaluation import Attempts, Evaluator, Invalid, Metrics, WorkloadSpec
from adrs.testing.policy import InProcessPolicy
from evaluators.routing import agent_step_routing, query_routing
from evaluators.routing.sizes import Sizes

SPEC = WorkloadSpec("any", "same-1", "same", "train", 1)


def queries(number: int) -> tuple[Evaluator[Any], Any]:
    return query_routing.QueryRouting(), query_routing.draw("same", 1, sizes=Sizes(20, number))


def runs(number: int) -> tuple[Evaluator[Any], Any]:
    evaluator = agent_step_routing.SimulatedRuns({"runs": number})
    return evaluator, evaluator.load(SPEC)


WORKLOADS: dict[str, tuple[str, Callable[[], tuple[Evaluator[Any], Any]]]] = {
    "queries": ("query-routing", lambda: queries(50)),
    "queries, of which one is asked again": ("query-routing", lambda: queries(9)),
    "runs": ("agent-step-routing-trajectory", lambda: runs(10)),
}
ONCE = """
calls = []


def route(model, state, request):
    calls.append(1)
    if len(calls) == 1:
        raise ValueError("no")
    return 3
"""
"""Fails at whatever a process is asked first."""


class LatePolicy(InProcessPolicy):
    """Takes too long where the program raises."""

    def attempt(self, function: str, *columns: Any, **options: Any) -> Attempts:
        found = super().attempt(function, *columns, **options)
        return replace(found, failures=tuple(replace(each, verdict="timeout") for each in found.failures))


def evaluate(name: str, source: str, kind: type[InProcessPolicy] = InProcessPolicy) -> Metrics:
    problem, make = WORKLOADS[name]
    evaluator, workload = make()
    return evaluator.evaluate(kind(problems.load(problem), source), workload, SPEC)


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_fails_in_one_of_two_askings_is_hidden_state(name: str) -> None:
    with pytest.raises(Invalid, match="repeated decisions came out differently"):
        evaluate(name, ONCE)


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_takes_too_long_in_one_of_two_askings_is_not(name: str) -> None:
    assert evaluate(name, ONCE, LatePolicy)["failed_decisions"] == 1
