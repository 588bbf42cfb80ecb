"""The compiled engine against the event heap of benchmarks/, which shares no code with it."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs import problem as problems
from adrs.testing.policy import InProcessPolicy
from evaluators.network import epoch, layout
from evaluators.network.congestion_control import CongestionControl, Links
from evaluators.network.layout import EPOCH, MONITOR, SECOND
from evaluators.network.random_stream import Stream, draw
from evaluators.network.scenario import Flow, Scenario
from evaluators.network.simulation import Simulation

MICRO = 1000


def load_event_heap():
    path = Path(__file__).parents[3] / "benchmarks" / "event_heap.py"
    spec = importlib.util.spec_from_file_location("event_heap", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["event_heap"] = module
    spec.loader.exec_module(module)
    return module.EventHeap


EventHeap = load_event_heap()


@st.composite
def wide_area(draw_value):
    rate = draw_value(st.integers(200_000, 5_000_000))
    changes = draw_value(st.lists(st.tuples(st.integers(1, 3_000), st.integers(100_000, 5_000_000)), max_size=3))
    rates = {0: rate, **{milliseconds * 1_000_000: value for milliseconds, value in changes}}
    flows = tuple(
        Flow(MONITOR, draw_value(st.integers(1_000_000, 200_000_000)), draw_value(st.integers(100_000, 4_000_000)),
             50_000, 8_000_000, start=draw_value(st.integers(0, SECOND // 2)))
        for _ in range(draw_value(st.integers(1, 3)))
    )  # fmt: skip
    return Scenario(
        tuple(sorted(rates.items())), draw_value(st.integers(2, 600)) * 1500, 2 * SECOND, flows,
        loss=draw_value(st.sampled_from([0.0, 0.02, 0.3])), seed=draw_value(st.integers(0, 2**32)),
    )  # fmt: skip


@st.composite
def incast(draw_value):
    base = draw_value(st.integers(8 * MICRO, 30 * MICRO))
    rate = 25 * 10**9
    product = rate * base // (8 * SECOND)
    message = draw_value(st.sampled_from([-1, 2_800, 64_000]))
    timeouts = draw_value(st.sampled_from([(500 * MICRO, 500 * MICRO), (15 * MICRO, 60 * MICRO)]))
    flows = [Flow(EPOCH, base, rate, 1, rate, 0, 1000, product, -1, *timeouts)]
    for _ in range(draw_value(st.integers(1, 6))):
        start = 100 * MICRO + draw_value(st.integers(0, MICRO))
        flows.append(Flow(EPOCH, base, rate, 1, rate, start, 1000, product, message, *timeouts))
    return Scenario(
        ((0, rate),), draw_value(st.sampled_from([20_000, 200_000, 4_000_000])), 700 * MICRO, tuple(flows),
        mark_above=50_000, telemetry=draw_value(st.booleans()), epoch=base // 4, measured_from=100 * MICRO,
        loss=draw_value(st.sampled_from([0.0, 0.05])), seed=draw_value(st.integers(0, 2**32)),
    )  # fmt: skip


def compare(scenario, answer, windows=()):
    seen, expected = [], []
    simulation = Simulation([scenario])
    if windows:
        simulation.set_windows(np.array(windows))

    def decide(asked, rows):
        seen.extend((int(flow), row.tolist()) for flow, row in zip(asked, rows, strict=True))
        return np.array([answer(int(flow), row.tolist()) for flow, row in zip(asked, rows, strict=True)])

    simulation.run(decide)

    def plain(number, row):
        expected.append((number, row))
        return answer(number, row)

    heap = EventHeap(scenario, plain, windows)
    heap.run()
    assert simulation.events == heap.events
    assert int(simulation.arrays.links[0]["area"]) == heap.area
    for record, sender in zip(simulation.arrays.flows, heap.senders, strict=True):
        for name in ("sent", "acked", "random_lost", "dropped", "departed", "rtt_sum", "completed"):
            assert int(record[name]) == getattr(sender, name), name
    assert len(seen) == len(expected)
    for (flow, row), (other, other_row) in zip(seen, expected, strict=True):
        assert flow == other
        np.testing.assert_allclose(row[: len(other_row)], other_row, rtol=1e-12, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(wide_area(), st.integers(0, 3))
def test_monitor_intervals_are_those_of_the_event_heap(scenario, kind):
    rules = [
        lambda flow, row: 0.0,
        lambda flow, row: 60.0,
        lambda flow, row: 3.0 - 20.0 * (row[-2] - 1.0),
        lambda flow, row: -40.0 if row[-1] > 1.2 else 5.0 + flow,
    ]
    compare(scenario, rules[kind])


@settings(max_examples=15, deadline=None)
@given(incast(), st.integers(0, 2))
def test_epochs_are_those_of_the_event_heap(scenario, kind):
    rules = [
        lambda flow, row: 1.0,
        lambda flow, row: row[14] * (0.8 if row[3] > 1.5 else 1.05),
        lambda flow, row: 0.0 if row[12] else 0.2 + 0.01 * flow,
    ]
    compare(scenario, rules[kind], [0.5] * len(scenario.flows))


def test_draws_are_those_of_the_published_generator():
    assert Stream(1234567).integer() == 6457827717110365317
    ordered = Stream(99)
    assert [int(draw(np.uint64(99), n)) for n in range(5)] == [ordered.integer() >> 11 for _ in range(5)]


def test_rings_grow_without_a_trace():
    """30 s of queue: far more packets on their way than the first ring holds."""
    flow = Flow(MONITOR, SECOND, 12_000_000, 480_000, 12_000_000)
    scenario = Scenario(((0, 1_200_000),), 3000 * 1500, 20 * SECOND, (flow,), loss=0.05, seed=3)
    compare(scenario, lambda flow, row: 0.0)
    simulation = Simulation([scenario])
    simulation.run(lambda asked, rows: np.zeros(len(asked)))
    assert int(simulation.arrays.links[0]["ring_mask"]) > 2000


def test_a_batch_changes_no_digit():
    links = [Scenario(((0, 2_000_000),), 60_000, 5 * SECOND, (Flow(MONITOR, 40_000_000, 1_500_000 + 50_000 * n, 50_000,
                      8_000_000),), loss=0.01, seed=n) for n in range(4)]  # fmt: skip

    def decide(asked, rows):
        return 2.0 - 10.0 * (rows[:, -2] - 1.0)

    together = Simulation(links)
    together.run(decide)
    for number, link in enumerate(links):
        alone = Simulation([link])
        alone.run(decide)
        assert int(alone.arrays.links[0]["area"]) == int(together.arrays.links[number]["area"])
        assert (alone.arrays.history[0] == together.arrays.history[number]).all()


def test_a_link_is_worth_what_its_packets_say_by_time_however_long_intervals_are():
    """Of a program that stretches its intervals at the worst time, packets followed by the event heap."""
    problem = problems.load("congestion-control")
    source = (problem.folder / "cheats" / "stretch.py").read_text()
    spec = problem.workloads["train"][1]
    evaluator = CongestionControl()
    scenario = min(evaluator.load(spec).scenarios, key=lambda link: link.end * link.rates[0][1])
    policy, names, state = InProcessPolicy(problem, source), {}, {}
    value = evaluator.evaluate(policy, Links((scenario,), (0.0,)), replace(spec, parameters={}))["value"]
    exec(source, names)
    heap = EventHeap(scenario, lambda flow, row: names["on_interval"](row, state))
    heap.run()
    [sender], rate, end = heap.senders, scenario.rates[0][1], scenario.end
    base = sender.spec.base + sender.spec.size * 8 * SECOND / rate
    delay = heap.area / end * 8 * SECOND / rate / base
    utilisation = sender.departed * 8 * SECOND / (rate * end)
    expected = utilisation - 0.5 * min(2.0, delay) - 2.0 * min(0.5, heap.dropped / heap.arrived)
    assert value == pytest.approx(expected, rel=1e-9)


def test_sample_fields_are_those_of_the_interface():
    declared = problems.load("congestion-control-incast").functions["on_ack"].arguments["sample"]
    assert tuple(declared) == epoch.FIELDS


@pytest.mark.parametrize("kind", [layout.RENO, layout.CUBIC, layout.BBR, layout.COPA, layout.VIVACE])
def test_every_algorithm_conserves_packets_under_loss_and_outages(kind):
    flow = Flow(kind, 30_000_000, 10**9, 1, 10**9, window=15_000)
    rates = ((0, 20_000_000), (2 * SECOND, 100_000), (3 * SECOND, 30_000_000))
    simulation = Simulation([Scenario(rates, 40_000, 10 * SECOND, (flow,), loss=0.01, seed=5)])
    simulation.run()  # raises MachineFault where a packet is lost without a trace
    assert int(simulation.arrays.flows[0]["acked"]) > 1000
