"""Conditions as workloads, and how far emulation may lie from simulation."""

import pytest

from adrs import problem as problems
from adrs.errors import UserError
from adrs.evaluation import WorkloadSpec
from evaluators.network.congestion_control import CongestionControl
from evaluators.network.emulation import probes, tun
from evaluators.network.emulation.conditions import BY_NAME
from evaluators.network.layout import MONITOR, SECOND
from evaluators.network.scenario import Scenario

PROBLEM = problems.load("congestion-control")
EVALUATOR = CongestionControl(PROBLEM.evaluator_parameters)
EMULATION = EVALUATOR.emulation()


def deviations(condition, native, emulated, simulated=10.0, delay=(80.0, 80.0)):
    metrics = [{"goodput_mbit_s": rate if "-" not in condition else 30.0, "first_flow_mbit_s": rate, "rtt_95_ms": late}
               for rate, late in zip((simulated, emulated), delay, strict=True)]  # fmt: skip
    return [each.within for each in EMULATION.deviations(condition, native, *metrics)]


def test_limits():
    assert deviations("steady", "", 10.49) == [True, True]
    assert deviations("steady", "", 10.51) == [False, True]
    assert deviations("wave", "", 9.01) == [True, True]  # the capacity changes: 10 %
    assert deviations("lossy", "cubic", 14.9) == [True, True]
    assert deviations("lossy", "kernel-cubic", 6.7) == [True, True]
    assert deviations("lossy", "cubic", 6.6) == [False, True]
    assert deviations("lossy", "bbr", 14.9) == [False, True]
    assert deviations("steady", "", 10.0, delay=(80.0, 83.9)) == [True, True]  # 5 %
    assert deviations("fast", "", 10.0, delay=(20.0, 22.9)) == [True, True]  # 3 ms
    assert deviations("fast", "", 10.0, delay=(20.0, 23.1)) == [True, False]
    assert deviations("beside-cubic", "", 10.9) == [True, True]  # the first flow's, within 10 %
    assert deviations("beside-cubic", "", 11.1) == [False, True]


def test_both_workloads_of_a_condition_are_the_same_link():
    made = EMULATION.conditions("udp", [], None)
    assert [each.seconds for each in made] == [15, 15, 15, 25, 15, 15]
    for condition in made:
        simulated, emulated = EVALUATOR.load(condition.simulated), EVALUATOR.load(condition.emulated)
        assert (simulated.backend, emulated.backend) == ("", "udp")
        assert simulated.scenarios == emulated.scenarios
        assert isinstance(simulated.scenarios[0], Scenario)
        assert simulated.scenarios[0].end == condition.seconds * SECOND
    named = EMULATION.conditions("udp", ["pair", "hundred"], 2.0)
    assert [each.name for each in named] == ["hundred", "pair"]
    flows = EVALUATOR.load(named[1].emulated).scenarios[0].flows
    assert [(flow.kind, flow.start) for flow in flows] == [(MONITOR, 0), (MONITOR, 5 * SECOND)]
    [wave] = EMULATION.conditions("udp", ["wave"], 11.0)
    assert [rate for _, rate in EVALUATOR.load(wave.emulated).scenarios[0].rates] == [20e6, 40e6, 20e6]


def test_cubic_gives_way_to_random_loss_and_bbr_does_not():
    """In simulation; that emulation agrees is measured, not asserted here."""
    [lossy] = EMULATION.conditions("udp", ["lossy"], 15.0)
    rates = {name: EVALUATOR.reference(name, EVALUATOR.load(lossy.simulated), lossy.simulated)["goodput_mbit_s"]
             for name in ("cubic", "bbr", "kernel-cubic")}  # fmt: skip
    assert rates["cubic"] < 3 < 25 < rates["bbr"]
    assert rates["kernel-cubic"] == rates["cubic"]  # beside the kernel's own stands the engine's


def test_a_flow_beside_another_counts_by_what_it_leaves():
    """In simulation: CUBIC gets little beside BBR, and the value of its link says who took it."""
    [beside] = EMULATION.conditions("udp", ["beside-cubic"], 10.0)
    links = EVALUATOR.load(beside.simulated)
    found = {name: EVALUATOR.reference(name, links, beside.simulated) for name in ("bbr", "cubic", "constant-rate")}
    assert found["bbr"]["first_flow_mbit_s"] > 20 > 10 > found["constant-rate"]["first_flow_mbit_s"]
    assert found["cubic"]["fairness"] == 1.0 > found["bbr"]["fairness"]
    with pytest.raises(UserError, match="start at once"):
        tun.run_kernel(BY_NAME["pair"].scenario(1.0), "cubic")


def test_mistakes_are_named():
    for parameters, said in (
        ({"condition": "stedy", "seconds": 1, "backend": "udp"}, "did you mean"),
        ({"condition": "steady", "seconds": 0, "backend": "udp"}, "seconds"),
        ({"condition": "steady", "seconds": 1, "backend": "tcp"}, "unknown backend"),
        ({"condition": "steady", "seconds": 1, "backend": "udp", "rate": 1}, "unknown key"),
    ):
        with pytest.raises(UserError, match=said):
            EVALUATOR.load(WorkloadSpec("p", "w", "emulated", "fresh", 1, parameters))
    [steady] = EMULATION.conditions("udp", ["steady"], 1.0)
    with pytest.raises(UserError, match="--backend tun"):
        EVALUATOR.reference("kernel-cubic", EVALUATOR.load(steady.emulated), steady.emulated)


def test_probes_say_what_is_there_and_why_not(monkeypatch):
    rows = {name: (available, detail) for name, available, detail in probes.probe(False)}
    assert set(rows) == {"tun", "namespaces", "ip", "iperf3", "congestion control", "real-time priority"}
    assert all(detail for _, detail in rows.values())
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "ip is not installed" in probes.missing("tun")
    assert "apt-get install iperf3" in probes.missing_for_kernel("cubic")
    with pytest.raises(UserError, match=r"backend tun does not work here: .*ip is not installed"):
        EMULATION.conditions("tun", [], None)
    assert probes.missing("udp") == ""


def test_the_trial_says_how_late_packets_are_or_why_it_cannot(monkeypatch):
    monkeypatch.setattr(probes, "_TRIAL_SECONDS", 0.3)
    name, works, detail = probes.probe(True)[-1]
    assert name == "lateness"
    assert ("late on average" if works else "busy") in detail
