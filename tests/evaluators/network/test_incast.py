"""The incast problem: what its value rewards, and what deciding once an epoch costs."""

from dataclasses import replace

import numpy as np
import pytest

from adrs import problem as problems
from adrs.comparisons import compared
from adrs.errors import UserError
from adrs.evaluation import Invalid
from adrs.testing.policy import InProcessPolicy
from evaluators.network.incast import NATIVE, Incast, Incasts, link_value
from evaluators.network.measures import LinkMeasures

PROBLEM = problems.load("congestion-control-incast")
EVALUATOR = Incast()


def workload(spec, links):
    return Incasts(EVALUATOR.load(spec).scenarios[:links])


def evaluate(name, spec, links):
    return EVALUATOR.evaluate(InProcessPolicy(PROBLEM, (PROBLEM.folder / name).read_text()), links, spec)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("cheat", ["hold_window", "no_start"])
def test_extremes_end_below_the_trivial_baseline(cheat, place):
    spec = replace(PROBLEM.workloads["train"][place], parameters={})
    links = workload(spec, 4)
    trivial = EVALUATOR.reference("whole-window", links, spec)["value"]
    assert evaluate(f"cheats/{cheat}.py", spec, links)["value"] < trivial
    assert EVALUATOR.reference("power-tcp", links, spec)["value"] > trivial


@pytest.mark.parametrize("place", [0, 1])
def test_no_native_baseline_beats_the_one_that_stands_for_the_published(place):
    spec = PROBLEM.workloads["validation"][place]
    links = EVALUATOR.load(spec)
    values = {name: EVALUATOR.reference(name, links, spec)["value"] for name in (*NATIVE, "whole-window")}
    best, low = (values[PROBLEM.baseline(role).name] for role in ("state-of-the-art", "trivial"))
    assert best - low > 0.05
    assert all(100 * (value - low) / (best - low) <= 101 for value in values.values())


def test_decisions_that_depend_on_the_order_of_calls_are_invalid():
    spec = PROBLEM.workloads["train"][0]
    assert spec.parameters["shuffles"] == 2
    with pytest.raises(Invalid, match="order of calls"):
        evaluate("cheats/call_order.py", spec, workload(spec, 2))


def test_a_longer_queue_is_always_worth_less():
    link = LinkMeasures(1.0, 0, 0, 0, 0.0, 0.0, 1, 1, 1, 1.0, np.array([1]), 1, 1)
    values = [link_value(link, queue, None) for queue in (0.0, 0.5, 4.0, 10.0, 44.0)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 5
    assert values[0] == 1.0
    assert link_value(link, 0.0, 3.0) == 0.5


@pytest.mark.parametrize("place", range(3))
def test_deciding_once_an_epoch_costs_little(place):
    """The problem's own comparison: PowerTCP asked once an epoch, beside PowerTCP asked once an acknowledgement."""
    [comparison] = PROBLEM.comparisons
    spec = comparison.workloads[place]
    links = EVALUATOR.load(spec)
    epochs = EVALUATOR.evaluate(InProcessPolicy(PROBLEM, comparison.baseline.read()), links, spec)
    ok, words = compared(comparison, epochs, EVALUATOR.reference(comparison.beside.native, links, spec))
    assert ok, words
    assert epochs["decisions"] > 1000


def test_a_first_window_need_not_be_named_and_marks_need_no_telemetry():
    program = "def on_ack(sample, state):\n    return 0.9 if sample['marked'] else 1.2\n"
    named = f"{program}def on_start(state):\n    return 1.0\n"
    spec = replace(PROBLEM.workloads["train"][1], parameters={})
    stamped = workload(spec, 1)
    plain = Incasts(tuple(replace(link, telemetry=False) for link in stamped.scenarios))
    found = [EVALUATOR.evaluate(InProcessPolicy(PROBLEM, source), links, spec)
             for source, links in ((named, stamped), (program, stamped), (program, plain))]  # fmt: skip
    assert dict(found[0]) == dict(found[1]) == dict(found[2])
    assert found[0]["clamped_actions"] == 0


def test_fixed_links_are_what_they_are_called():
    spec = PROBLEM.comparisons[0].workloads[1]
    [scenario] = EVALUATOR.load(spec).scenarios
    assert len(scenario.flows) == 33
    assert scenario.flows[0].base == 12_000
    assert scenario.epoch == 3_000
    with pytest.raises(UserError, match="microsecond"):
        EVALUATOR.load(replace(spec, parameters={"microsecond": 12}))
