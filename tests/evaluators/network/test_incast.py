"""The incast problem: what its value rewards, and what deciding once an epoch costs."""

from dataclasses import replace

import numpy as np
import pytest

from adrs import problem as problems
from adrs.evaluation import Invalid
from adrs.testing.policy import InProcessPolicy
from evaluators.network import incast_links, layout, measures
from evaluators.network.epoch import FIELDS
from evaluators.network.incast import Incast, Incasts, link_value
from evaluators.network.layout import EPOCH, SECOND
from evaluators.network.measures import LinkMeasures
from evaluators.network.scenario import Flow, Scenario
from evaluators.network.simulation import Simulation

PROBLEM = problems.load("congestion-control-incast")
EVALUATOR = Incast()
MICRO = SECOND // 10**6


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


def epochs(scenario):
    """PowerTCP as the baseline's program, asked four times in a base round-trip time."""
    module = {}
    exec((PROBLEM.folder / "baselines" / "power_tcp_epochs.py").read_text(), module)
    states = [{} for _ in scenario.flows]
    simulation = Simulation([scenario])
    simulation.set_windows(np.array([module["on_start"](state) for state in states]))

    def decide(asked, rows):
        samples = [dict(zip(FIELDS, row, strict=False)) for row in rows.tolist()]
        return np.array([module["on_ack"](each, states[flow]) for flow, each in zip(asked, samples, strict=True)])

    simulation.run(decide)
    return measures.measure(simulation, 0)


@pytest.mark.parametrize(("others", "base"), [(10, 12), (32, 12), (10, 24)])
def test_deciding_once_an_epoch_costs_little(others, base):
    """Mean queue within 20 %, its 99th percentile within 10 %, utilisation within 4 points of one decision per
    acknowledgement.
    """
    rate, base = 25 * 10**9, base * MICRO
    product = rate * base // (8 * SECOND)
    starts = [0] + [incast_links.BURST + flow * MICRO // others for flow in range(others)]
    flows = tuple(Flow(EPOCH, base, rate, 1, rate, start, 1000, product, -1, 500 * MICRO) for start in starts)
    scenario = Scenario(
        ((0, rate),), 4_000_000, 4500 * MICRO, flows, telemetry=True, epoch=base // incast_links.EPOCHS_EACH
    )
    driven = tuple(replace(flow, kind=layout.POWER_TCP) for flow in flows)
    simulation = Simulation([replace(scenario, flows=driven, epoch=0)])
    simulation.run()
    each, together = measures.measure(simulation, 0), epochs(scenario)
    assert together.mean_queue == pytest.approx(each.mean_queue, rel=0.2)
    assert together.queue_99 == pytest.approx(each.queue_99, rel=0.1)
    assert together.utilisation == pytest.approx(each.utilisation, abs=0.04)
