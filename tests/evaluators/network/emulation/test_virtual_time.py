"""Sender and link of the emulation on a clock that is computed: nothing but real time may tell them from the engine."""

from collections import deque
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.network import layout, measures
from evaluators.network.emulation.conditions import BY_NAME
from evaluators.network.emulation.flow import flows_of
from evaluators.network.emulation.rules import Bottleneck, write_totals
from evaluators.network.layout import MONITOR, NEVER, SECOND
from evaluators.network.scenario import Flow, Scenario
from evaluators.network.simulation import MachineFault, Simulation
from evaluators.network.wide_area import with_native


def in_virtual_time(scenario, answer):
    """What a computed clock makes of senders and link, with all observations."""
    flows, link = flows_of(scenario), Bottleneck(scenario)
    coming = deque()
    seen = []
    while True:
        flow = min(flows, key=lambda each: each.key)
        arrival = coming[0][0] if coming else NEVER
        if min(arrival, flow.due) > scenario.end:
            break
        if arrival <= flow.due:
            _, place, number = coming.popleft()
            flows[place].acknowledged(number, arrival)
        elif flow.sends:
            number, time = flow.number, flow.due
            flow.sent(time)
            finish = link.arrive(flow.place, number, 1500, time)
            if finish is not None:
                coming.append((finish + scenario.flows[0].base, flow.place, number))
        elif (observation := flow.timer()) is not None:
            seen.append(observation.tolist())
            flow.decide(answer(observation))
    write_totals(link.totals(), flows[0].simulation.arrays, scenario.end)
    return flows[0].simulation, seen


def in_the_engine(scenario, answer):
    seen = []

    def decide(asked, rows):
        seen.extend(row.tolist() for row in rows)
        return np.array([answer(row) for row in rows])

    simulation = Simulation([scenario])
    simulation.run(decide)
    return simulation, seen


def assert_the_same(scenario, answer=lambda row: 0.0):
    emulated, seen = in_virtual_time(scenario, answer)
    simulated, expected = in_the_engine(scenario, answer)
    assert seen == expected
    for name in ("sent", "acked", "rtt_sum", "random_lost", "dropped", "departed", "window", "rate", "lost"):
        assert emulated.arrays.flows[name].tolist() == simulated.arrays.flows[name].tolist(), name
    assert emulated.arrays.slices.tolist() == simulated.arrays.slices.tolist()
    ours, theirs = measures.measure(emulated, 0), measures.measure(simulated, 0)
    for name in ("utilisation", "mean_queue", "queue_95", "drop_rate", "mean_rtt", "rtt_95", "goodput", "jain"):
        assert getattr(ours, name) == getattr(theirs, name), name


@st.composite
def links(draw_value):
    rate = draw_value(st.integers(500_000, 5_000_000))
    changes = draw_value(st.lists(st.tuples(st.integers(1, 3_000), st.integers(500_000, 5_000_000)), max_size=3))
    rates = {0: rate, **{milliseconds * 1_000_000: value for milliseconds, value in changes}}
    flow = Flow(MONITOR, draw_value(st.integers(1_000_000, 200_000_000)), draw_value(st.integers(100_000, 4_000_000)),
                50_000, 8_000_000)  # fmt: skip
    return Scenario(
        tuple(sorted(rates.items())), draw_value(st.integers(2, 600)) * 1500, 3 * SECOND, (flow,),
        loss=draw_value(st.sampled_from([0.0, 0.02, 0.3])), seed=draw_value(st.integers(0, 2**32)),
    )  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(links(), st.integers(0, 2))
def test_features_and_counts_are_those_of_the_engine(scenario, kind):
    rules = [
        lambda row: 60.0,
        lambda row: 3.0 - 20.0 * (row[-2] - 1.0),
        lambda row: -40.0 if row[-1] > 1.2 else 5.0,
    ]
    assert_the_same(scenario, rules[kind])


@settings(max_examples=10, deadline=None)
@given(links(), st.sampled_from([layout.RENO, layout.CUBIC, layout.BBR, layout.COPA, layout.VIVACE]))
def test_algorithms_send_what_they_send_in_the_engine(scenario, kind):
    flow = with_native(scenario.flows[0], kind)
    assert_the_same(Scenario(scenario.rates, scenario.limit, scenario.end, (flow,), loss=scenario.loss,
                             seed=scenario.seed))  # fmt: skip


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_condition_is_the_same_link_in_both(name):
    scenario = BY_NAME[name].scenario(6.0)
    assert_the_same(scenario, lambda row: 4.0 - 10.0 * (row[-2] - 1.0))


@settings(max_examples=8, deadline=None)
@given(links(), st.lists(st.sampled_from([MONITOR, layout.CUBIC, layout.BBR, layout.VIVACE]), min_size=2, max_size=4))
def test_several_flows_share_a_link_as_they_do_in_the_engine(scenario, kinds):
    first = replace(scenario.flows[0], start=0)
    flows = tuple(
        replace(first if kind == MONITOR else with_native(first, kind), start=place * SECOND // 3)
        for place, kind in enumerate(kinds)
    )
    assert_the_same(replace(scenario, flows=flows, slice_length=SECOND // 4), lambda row: 3.0 - 20.0 * (row[-2] - 1.0))


def test_acknowledgements_of_packets_that_were_not_sent_are_refused():
    [flow] = flows_of(BY_NAME["fast"].scenario(1.0))
    flow.sent(flow.due)
    with pytest.raises(MachineFault, match="packet 1"):
        flow.acknowledged(1, 10)
    flow.acknowledged(0, 10**9)
    with pytest.raises(MachineFault, match="packet 0"):
        flow.acknowledged(0, 10**9)


def test_what_comes_after_the_end_is_not_counted():
    scenario = Scenario(((0, 12_000_000),), 30_000, SECOND, (Flow(MONITOR, 1_000_000, 10**6),))
    plain, more = Bottleneck(scenario), Bottleneck(scenario)
    for link in (plain, more):
        for number in range(5):
            link.arrive(0, number, 1500, SECOND - 2_500_000)  # 1 ms each: two leave before the end
    for number in range(5, 9):
        more.arrive(0, number, 1500, SECOND + 1)
    assert more.totals() == plain.totals()
    assert plain.totals()["departed"] == 2
