"""What is told of single links: the native metrics that a workload's are means of, and rates over time."""

from dataclasses import replace

import numpy as np
import pytest

from adrs.evaluation import WorkloadSpec
from evaluators.network import layout, measures, wide_area
from evaluators.network.congestion_control import CongestionControl
from evaluators.network.incast import Incast
from evaluators.network.measures import POINTS
from evaluators.network.simulation import Simulation

NATIVE = {
    "utilisation", "queue_delay_ms", "queue_delay_95_ms", "rtt_ms", "rtt_95_ms", "queue_drop_rate", "goodput_mbit_s",
    "jain", "convergence_s", "rate_trace_mbit_s",
}  # fmt: skip


def details(evaluator, native, spec, links):
    workload = evaluator.load(spec)
    fewer = {name: value[:links] for name, value in vars(workload).items() if isinstance(value, tuple)}
    metrics = evaluator.reference(native, replace(workload, **fewer), spec)
    return metrics, metrics.details()


@pytest.mark.parametrize("family", ["single", "dynamic", "sharing"])
def test_each_link_of_the_wide_area_tells_its_native_metrics(family):
    spec = WorkloadSpec("congestion-control", f"{family}-7", family, "train", 7)
    metrics, told = details(CongestionControl(), "copa", spec, 3)
    assert [set(each) >= NATIVE for each in told] == [True] * 3
    for name in NATIVE - {"jain", "convergence_s", "rate_trace_mbit_s"}:
        assert np.mean([each[name] for each in told]) == pytest.approx(metrics[name])
    assert [each["value"] for each in told] == [metrics[f"link_{number:02d}"] for number in range(3)]
    for each in told:
        trace = np.array(each["rate_trace_mbit_s"])
        assert trace.shape == (len(each["base_rtt_ms"]), POINTS)
        assert trace.sum(axis=0).mean() == pytest.approx(each["goodput_mbit_s"], rel=0.1)
    assert ("convergence_s" in metrics) == any(each["convergence_s"] is not None for each in told)


def test_packets_wait_the_queue_over_what_departs_of_the_capacity():
    """Little's law: what `queue_delay_ms` is, and how a delay comes of it."""
    spec = WorkloadSpec("congestion-control", "dynamic-7", "dynamic", "train", 7, {"kinds": ["random-walk"]})
    for each in details(CongestionControl(), "cubic", spec, 3)[1]:
        waited = each["rtt_ms"] - each["base_rtt_ms"][0]
        assert each["queue_delay_ms"] / each["utilisation"] == pytest.approx(waited, rel=0.02)


def test_a_trace_holds_every_departure_and_its_length_changes_no_measure():
    links = [
        replace(link, flows=tuple(wide_area.with_native(flow, layout.COPA) for flow in link.flows))
        for link in wide_area.draw_links("sharing", ["same-policy"], 3, 2)
    ]
    simulation = Simulation(links)
    simulation.run()
    coarse = Simulation([replace(link, slice_parts=1) for link in links])
    coarse.run()
    for number, link in enumerate(links):
        trace = measures.rate_trace(simulation, number)
        seconds = link.end / layout.SECOND / POINTS
        assert trace.sum(axis=1) * seconds / 8 == pytest.approx(simulation.flows_of(number)["departed"])
        assert measures.rate_trace(coarse, number).shape[1] == 60
        assert measures.measure(simulation, number).jain == measures.measure(coarse, number).jain < 1


def test_a_trace_follows_the_capacity():
    [link] = wide_area.draw_links("dynamic", ["square-wave"], 1, 1)
    simulation = Simulation([replace(link, flows=tuple(wide_area.with_native(f, layout.BBR) for f in link.flows))])
    simulation.run()
    [trace] = measures.rate_trace(simulation, 0) / 1e6
    assert trace.max() <= 40.01
    assert trace[10:20].max() <= 20.01
    assert trace[30:40].mean() > 30


def test_each_link_of_an_incast_tells_its_native_metrics():
    spec = WorkloadSpec("congestion-control-incast", "messages-7", "messages", "train", 7)
    metrics, told = details(Incast(), "power-tcp", spec, 2)
    names = {"utilisation", "mean_queue_bytes", "p99_queue_bytes", "throughput_gbit_s", "fct_us", "fct_99_us", "jain"}
    for each in told:
        assert set(each) >= names
        assert each["fct_99_us"] >= each["fct_us"] > 0
    assert np.mean([each["fct_us"] for each in told]) == pytest.approx(metrics["fct_us"])
