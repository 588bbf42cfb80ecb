"""Workloads that run together have the digits of each by itself, and the checks of each."""

from dataclasses import replace

import pytest

from adrs import problem as problems
from adrs.evaluation import Invalid, WorkloadSpec
from adrs.testing.policy import InProcessPolicy
from evaluators.network import lock_step
from evaluators.network.congestion_control import CongestionControl, Links
from evaluators.network.incast import Incast, Incasts

WIDE = problems.load("congestion-control")
INCAST = problems.load("congestion-control-incast")
TWICE = {"shuffles": 2}


def wide_links():
    """A few links of two families, short ones, the first ones twice."""
    evaluator = CongestionControl(WIDE.evaluator_parameters)
    found = []
    for number, (family, parameters) in enumerate([("single", TWICE), ("held-out", {}), ("dynamic", TWICE)]):
        spec = WorkloadSpec("congestion-control", f"{family}-{number}", family, "train", number, parameters)
        links = evaluator.load(spec)
        scenarios = tuple(replace(link, end=40 * link.flows[0].base) for link in links.scenarios[:3])
        found.append((Links(scenarios, links.fair[:3]), spec))
    return evaluator, found


def incasts():
    """A few incasts with messages, twice, and without."""
    evaluator = Incast()
    found = []
    for number, (family, parameters) in enumerate([("messages", TWICE), ("burst", {})]):
        spec = WorkloadSpec("congestion-control-incast", f"{family}-{number}", family, "train", number, parameters)
        found.append((Incasts(evaluator.load(spec).scenarios[:1]), spec))
    return evaluator, found


@pytest.mark.parametrize(("problem", "draw"), [(WIDE, wide_links), (INCAST, incasts)])
def test_together_they_have_the_digits_of_each_by_itself(problem, draw):
    evaluator, workloads = draw()
    policy = InProcessPolicy(problem, problem.seed.read_text())
    together = evaluator.evaluate_together(policy, workloads)
    alone = [evaluator.evaluate(policy, *pair) for pair in workloads]
    assert [dict(metrics) for metrics in together] == [dict(metrics) for metrics in alone]
    assert [metrics.feedback for metrics in together] == [metrics.feedback for metrics in alone]


@pytest.mark.parametrize(("problem", "draw"), [(WIDE, wide_links), (INCAST, incasts)])
def test_the_order_of_calls_is_checked_together_as_well(problem, draw):
    evaluator, workloads = draw()
    policy = InProcessPolicy(problem, (problem.folder / "cheats" / "call_order.py").read_text())
    with pytest.raises(Invalid, match="order of calls"):
        evaluator.evaluate_together(policy, workloads)


def test_answers_that_differ_but_change_no_digit_are_allowed():
    evaluator, workloads = wide_links()
    source = "import random\n\n\ndef on_interval(observation, state):\n    return random.uniform(41.0, 80.0)\n"
    metrics = evaluator.evaluate(InProcessPolicy(WIDE, source), *workloads[0])
    assert metrics["clamped_actions"] == metrics["decisions"]
    constant = InProcessPolicy(WIDE, "def on_interval(observation, state):\n    return 41.0\n")
    assert dict(metrics) == dict(evaluator.evaluate(constant, *workloads[0]))


def test_all_copies_of_a_flow_are_asked_each_with_its_own_state():
    class Policy(InProcessPolicy):
        asked: list[int]

        def map(self, function, *columns, scenarios=None):
            self.asked += scenarios
            return super().map(function, *columns, scenarios=scenarios)

    evaluator, workloads = wide_links()
    policy = Policy(WIDE, WIDE.seed.read_text())
    policy.asked = []
    metrics = evaluator.evaluate(policy, *workloads[0])
    assert len(policy.asked) == 2 * metrics["decisions"]
    assert sorted(set(policy.asked)) == list(range(2 * 3))


def test_batches_keep_the_order_and_hold_so_many_flows(monkeypatch):
    _, workloads = wide_links()
    monkeypatch.setattr(lock_step, "MOST_FLOWS", 9)
    assert list(lock_step.batches(workloads)) == [workloads[:2], workloads[2:]]
    monkeypatch.setattr(lock_step, "MOST_FLOWS", 1)
    assert list(lock_step.batches(workloads)) == [[pair] for pair in workloads]
