"""How all routing problems ask: what may fail, what must come out the same twice, and how long it may take."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adrs import problem as problems
from adrs.evaluation import Attempts, Evaluator, Failed, Failure, Invalid, Metrics, WorkloadSpec
from adrs.testing.policy import InProcessPolicy
from evaluators.routing import agent_live, agent_runs, agent_step_routing, asking, query_routing
from evaluators.routing.sizes import Sizes

SPEC = WorkloadSpec("any", "same-1", "same", "train", 1)


def queries(number: int) -> tuple[Evaluator[Any], Any]:
    return query_routing.QueryRouting(), query_routing.draw("same", 1, sizes=Sizes(20, number))


def runs(number: int) -> tuple[Evaluator[Any], Any]:
    fit, played = (agent_runs.draw(np.random.default_rng([1, part]), number, agent_runs.SAME) for part in (1, 0))
    return agent_step_routing.SimulatedRuns(), agent_live.Task(agent_live.record(fit, 1), played)


WORKLOADS: dict[str, tuple[str, Callable[[], tuple[Evaluator[Any], Any]]]] = {
    "queries": ("query-routing", lambda: queries(50)),
    "queries, of which one is asked again": ("query-routing", lambda: queries(9)),
    "runs": ("agent-step-routing-trajectory", lambda: runs(3)),
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
    with pytest.raises(Invalid, match=r"repeated \w+ came out differently"):
        evaluate(name, ONCE)


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_takes_too_long_in_one_of_two_askings_is_not(name: str) -> None:
    assert evaluate(name, ONCE, LatePolicy)["failed_decisions"] == 1


FAILS_OFTEN = """
def route(model, state, request):
    if request["seed"] % 300 == 0:
        raise ValueError("no")
    return 0


def observe(model, state, feedback):
    if feedback["observation_tokens"] % 300 == 0:
        raise ValueError("no")
"""


def test_one_in_a_hundred_is_of_all_calls_of_long_runs() -> None:
    """At tier low a run takes five calls for each of its milestones."""
    assert evaluate("runs", FAILS_OFTEN)["failed_decisions"] > 1


def test_fewer_may_fail_where_fewer_are_asked_than_there_could_be() -> None:
    failures = tuple(Failure(row, "error", "KeyError: 'a'") for row in range(3))
    attempts = Attempts(None, np.arange(200) > 2, failures, np.zeros(200))
    tally = asking.Tally(1000, "calls of observe")
    tally.add(attempts)
    assert tally.left == 7
    with pytest.raises(Failed, match="3 calls of observe failed, more than 1 % of 200, the last with KeyError"):
        tally.close()


def test_decisions_cannot_use_what_fit_left() -> None:
    asking.check_cpu(60.0, np.full(100, 0.004))
    with pytest.raises(Failed, match=r"0\.6 s of CPU for 100 decisions, 0\.5 s are allowed"):
        asking.check_cpu(1.0, np.full(100, 0.006))
    with pytest.raises(Failed, match=r"61\.0 s of CPU for fit and 100 decisions, 60\.5 s are allowed"):
        asking.check_cpu(61.0, np.full(100, 0.004))


@pytest.mark.parametrize("name", WORKLOADS)
def test_slow_decisions_end_the_evaluation(name: str) -> None:
    class SlowPolicy(InProcessPolicy):
        """Says that each call took 6 ms."""

        def attempt(self, function: str, *columns: Any, **options: Any) -> Attempts:
            found = super().attempt(function, *columns, **options)
            return replace(found, seconds=np.full(len(found.seconds), 0.006))

    with pytest.raises(Failed, match=r"of CPU for \d+ decisions"):
        evaluate(name, "def route(model, state, request):\n    return 3\n", SlowPolicy)
