"""Laws that the engine and its algorithms must keep, from queueing theory and from the papers."""

from dataclasses import replace

import numpy as np
import pytest

from evaluators.network import incast_links, layout, measures
from evaluators.network.layout import SECOND
from evaluators.network.scenario import Flow, Scenario
from evaluators.network.simulation import Simulation

MEGA = 1_000_000
MILLI = SECOND // 1000


def run(scenario, answer=0.0):
    simulation = Simulation([scenario])
    simulation.run(lambda asked, rows: np.full(len(asked), answer))
    return simulation, measures.measure(simulation, 0)


def paced(rate, base=100 * MILLI, size=1500):
    return Flow(layout.MONITOR, base, rate, 1000, 10**10, size=size)


def native(kind, base):
    return Flow(kind, base, 10**9, 1, 10**9, window=15_000)


def link(rate, queue, seconds, flows, loss=0.0, every=0):
    return Scenario(((0, rate),), queue, seconds * SECOND, tuple(flows), loss=loss, loss_every=every, seed=1)


def test_no_queue_below_capacity_and_exact_linear_growth_above():
    simulation, below = run(link(10 * MEGA, 10**7, 10, [paced(9 * MEGA)]))
    assert int(simulation.arrays.links[0]["dropped"]) == 0
    assert below.mean_rtt == pytest.approx(100 * MILLI + 1500 * 8 * SECOND / (10 * MEGA), abs=2)
    simulation, above = run(link(10 * MEGA, 10**8, 8, [paced(11 * MEGA)]))
    grown = int(simulation.arrays.links[0]["queued"])
    assert abs(grown - MEGA * 8 / 8) <= 2 * 1500  # 1 Mbit/s too much for 8 s
    assert above.mean_queue == pytest.approx(grown / 2, rel=0.01)


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_random_arrivals_wait_as_in_the_queue_of_markov_arrivals_and_one_server(load):
    """M/D/1: mean wait load / (2 (1 - load)) services (Pollaczek and Khinchine).

    A sender is sixty times too fast, and nearly all of its packets are lost at random before the queue: what arrives is
    a Poisson process but for the grid of its sends, which takes a sixtieth off the wait.
    """
    grid = 60
    capacity, base = MEGA, 10 * MILLI
    service = 12_000 * SECOND // capacity
    seconds = round(150_000 / load * service / SECOND)
    simulation, _ = run(link(capacity, 10**9, seconds, [paced(grid * capacity, base)], loss=1 - load / grid))
    flow = simulation.arrays.flows[0]
    wait = float(flow["rtt_sum"]) / float(flow["acked"]) - base - service
    assert wait / service == pytest.approx(load / (2 * (1 - load)) * (1 - 1 / grid), rel=0.03)


def test_observations_are_free_of_scale():
    """Bandwidth, queue and packets twice as large: the same times, hence the same observations."""
    histories = []
    for scale in (1, 2):
        flow = paced(scale * 4 * MEGA, size=1500 * scale)
        simulation, _ = run(link(scale * 5 * MEGA, scale * 60_000, 5, [flow], loss=0.02))
        histories.append(simulation.arrays.history[0].copy())
    assert (histories[0] == histories[1]).all()


def test_reno_follows_the_square_root_law():
    """1.22 / (RTT sqrt p) packets/s (Mathis et al., CCR 27(3), 1997)."""
    loss, base = 0.001, 50 * MILLI
    _, measured = run(link(400 * MEGA, 10**8, 300, [native(layout.RENO, base)], every=1000))
    predicted = 1.22 / (base / SECOND * loss**0.5)
    assert measured.goodput / 12_000 == pytest.approx(predicted, rel=0.15)


def test_cubic_follows_its_response_function():
    """Mean window 1.054 (RTT / p)^0.75 where that exceeds Reno's (RFC 9438, section 5)."""
    loss, base = 0.0002, 200 * MILLI
    _, measured = run(link(900 * MEGA, 10**8, 400, [native(layout.CUBIC, base)], every=5000))
    window = measured.goodput / 12_000 * base / SECOND
    assert window == pytest.approx(1.054 * (base / SECOND / loss) ** 0.75, rel=0.15)


def test_a_queue_of_one_bandwidth_delay_product_keeps_reno_at_capacity():
    """Half the window is then just what the link holds (Appenzeller et al., SIGCOMM 2004, section 2), if an overflow
    costs half the window once, however many packets it lost."""
    rate, base = 10 * MEGA, 50 * MILLI
    _, measured = run(link(rate, rate * base // SECOND // 8, 60, [native(layout.RENO, base)]))
    assert measured.goodput > 0.98 * rate


def test_cubic_keeps_seven_tenths_of_its_window_at_an_overflow():
    """RFC 9438, section 4.6: with a queue of 3/7 of the bandwidth-delay product, that is what the link holds."""
    rate, base = 10 * MEGA, 50 * MILLI
    _, measured = run(link(rate, rate * base * 3 // (7 * SECOND * 8), 60, [native(layout.CUBIC, base)]))
    assert measured.goodput > 0.97 * rate


@pytest.mark.parametrize("kind", [layout.RENO, layout.BBR])
@pytest.mark.parametrize("base", [400 * MILLI, 1200 * MILLI])
def test_nothing_counts_as_lost_before_it_can_be_acknowledged(kind, base):
    """RFC 6298, section 2.1: a long path's first packets are not given up before its first round trip was measured."""
    simulation, _ = run(link(6 * MEGA, 4_500_000, 10, [native(kind, base)]))
    assert int(simulation.arrays.flows[0]["acked"]) > 100
    assert int(simulation.arrays.flows[0]["lost"]) == 0


def test_bbr_keeps_a_lossy_link_busy_and_cubic_does_not():
    scenario = link(30 * MEGA, 75_000, 30, [native(layout.BBR, 60 * MILLI)], loss=0.02)
    _, bbr = run(scenario)
    _, cubic = run(replace(scenario, flows=(native(layout.CUBIC, 60 * MILLI),)))
    assert bbr.goodput > 0.85 * 30 * MEGA
    assert cubic.goodput < 0.1 * 30 * MEGA


def test_vivace_climbs_slowly_where_losses_are_random():
    """2 to 16 of 30 Mbit/s in 25 s (SymbolicPCC, arXiv 2210.16987, figure of its repository, read off)."""
    simulation, _ = run(link(30 * MEGA, 75_000, 25, [native(layout.VIVACE, 60 * MILLI)], loss=0.02))
    rate = simulation.arrays.slices[0] * 8 * 100 / 25 / MEGA
    assert rate[:8].mean() < 4
    assert 12 < rate[-8:].mean() < 24


@pytest.mark.parametrize("flows", [1, 4])
def test_copa_keeps_a_queue_of_a_few_packets_a_flow(flows):
    """1 / delta = 2 packets a flow on average (NSDI 2018, section 2.2)."""
    scenario = link(30 * MEGA, 450_000, 40, [native(layout.COPA, 60 * MILLI)] * flows)
    _, copa = run(replace(scenario, measured_from=10 * SECOND))
    assert copa.utilisation > 0.97
    assert 1 < copa.mean_queue / 1500 / flows < 4


def test_power_tcp_keeps_the_queue_of_its_closed_form():
    """Where windows rest, w = 0.95 w / P + beta: the queue is the sum of beta less 0.05 bandwidth-delay products.

    beta = 150 Mbit/s x base round-trip time; P = 1 + queue / product while the link is full. A packet a flow to spare.
    """
    scenario = incast_links.draw_links("burst", 7, 1, [32], 25, True)[0]
    flows = tuple(replace(flow, kind=layout.POWER_TCP) for flow in scenario.flows)
    _, measured = run(replace(scenario, flows=flows, epoch=0, measured_from=2 * MILLI))
    base, rate = flows[0].base, scenario.rates[0][1]
    expected = (len(flows) * 150 * MEGA - 0.05 * rate) * base / (8 * SECOND)
    assert abs(measured.mean_queue - expected) < len(flows) * 1000
    assert measured.utilisation > 0.93
