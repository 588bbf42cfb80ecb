"""Real sockets, real processes: what must hold however busy the machine is. No rate is asserted."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluators.network import layout, measures, wide_area
from evaluators.network.emulation import datagrams, gate, path, real_time, receiver, shuttle
from evaluators.network.emulation.conditions import MEGA, MILLI, Condition
from evaluators.network.emulation.decider import deciding
from evaluators.network.emulation.flow import flows_of
from evaluators.network.emulation.gate import MachineTooBusy, Void
from evaluators.network.emulation.path import carry, run_udp, udp_ends
from evaluators.network.emulation.sender import Sender
from evaluators.network.random_stream import draw, stream_seed, threshold

SMALL = Condition("small", (4 * MEGA,), 20 * MILLI, 30_000, 1, loss=0.05)


def small(kind=layout.MONITOR, rate=6 * MEGA):
    scenario = SMALL.scenario(1.0)
    flow = replace(scenario.flows[0], rate=rate)
    return replace(scenario, flows=(flow if kind == layout.MONITOR else wide_area.with_native(flow, kind),))


def keep(flow, observation):
    return 0.0


@pytest.mark.parametrize("kind", [layout.MONITOR, layout.CUBIC, layout.BBR])
def test_no_datagram_is_made_or_lost(kind):
    scenario = small(kind)
    with udp_ends() as ends:
        ran = carry(scenario, keep, ends)
    for where, (sent, came) in ran.counts.items():
        assert sent == came, where
    flow, link = ran.simulation.arrays.flows[0], ran.simulation.arrays.links[0]
    assert int(flow["sent"]) == int(link["arrived"]) + int(flow["random_lost"])
    assert int(link["arrived"]) == int(link["accepted"]) + int(link["dropped"])
    assert int(link["departed"]) <= int(link["accepted"])
    assert int(flow["acked"]) <= int(link["accepted"])
    assert int(flow["acked"]) > 0
    seed = np.uint64(stream_seed(scenario.seed, "loss of flow 0"))
    lost = sum(int(draw(seed, number)) < threshold(scenario.loss) for number in range(int(flow["sent"])))
    assert int(flow["random_lost"]) == lost  # common random numbers with the simulator
    measured = measures.measure(ran.simulation, 0)
    assert measured.utilisation <= 1.0 + 1500 * 8 / (4 * MEGA)
    assert measured.mean_rtt >= 20 * MILLI
    assert ran.receive_buffer > 0


def test_several_flows_share_one_socket_and_none_takes_what_is_anothers():
    scenario = small()
    kinds = (layout.MONITOR, layout.CUBIC, layout.MONITOR)
    flows = [scenario.flows[0] if kind == layout.MONITOR else wide_area.with_native(scenario.flows[0], kind)
             for kind in kinds]  # fmt: skip
    flows[2] = replace(flows[2], start=layout.SECOND // 4)
    asked = []

    def decide(flow, observation):
        asked.append(flow)
        return 1.0

    with udp_ends() as ends:
        ran = carry(replace(scenario, flows=tuple(flows)), decide, ends)
    assert set(asked) == {0, 2}
    for where, (sent, came) in ran.counts.items():
        assert sent == came, where
    records, link = ran.simulation.arrays.flows, ran.simulation.arrays.links[0]
    assert all(record["acked"] > 0 for record in records)
    assert int(records["departed"].sum()) == int(link["bytes_out"]) == int(ran.simulation.arrays.slices.sum())
    assert int(records["dropped"].sum()) == int(link["dropped"])
    for place, record in enumerate(records):
        seed = np.uint64(stream_seed(scenario.seed, f"loss of flow {place}"))
        lost = sum(int(draw(seed, number)) < threshold(scenario.loss) for number in range(int(record["sent"])))
        assert int(record["random_lost"]) == lost


def test_a_link_that_forwards_late_is_void_and_never_a_result(monkeypatch):
    usual = shuttle.wait

    def oversleep(descriptors, nanoseconds):
        time.sleep(0.005)
        return usual(descriptors, nanoseconds)

    monkeypatch.setattr(shuttle, "wait", oversleep)
    with pytest.raises(MachineTooBusy, match=r"3 runs were void.*ms late"):
        gate.repeated(lambda: run_udp(replace(small(), end=layout.SECOND // 2), keep))


def test_a_decision_that_comes_late_is_void():
    def slow(flow, observation):
        time.sleep(0.03)
        return 0.0

    with pytest.raises(Void, match=r"behind its schedule, and a decision took up to"):
        run_udp(small(), slow)


def test_a_datagram_that_vanishes_is_noticed(monkeypatch):
    def forgetful(control, descriptor):
        answer = receiver.serve(control, descriptor)
        return {**answer, "received": answer["received"] - 1}

    monkeypatch.setattr(path, "receiver", type("", (), {"serve": staticmethod(forgetful)}))
    with pytest.raises(Void, match=r"1 of .* datagrams were lost by the kernel before the receiver"):
        run_udp(small(), keep)


def test_what_deciding_raises_ends_the_run_and_its_processes(monkeypatch):
    begun = []
    usual = path.started

    def noting(stack, main, *descriptors):
        begun.append(usual(stack, main, *descriptors))
        return begun[-1]

    monkeypatch.setattr(path, "started", noting)

    def broken(flow, observation):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_udp(small(), broken)
    assert len(begun) == 2
    assert all(process._pid == 0 for process in begun)  # killed and waited for


def test_processes_go_with_their_parent():
    """A process of the emulation whose parent is killed has nobody to report to."""
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        try:
            with udp_ends() as ends:
                made = real_time.Process(lambda control: receiver.serve(control, ends.receiver), (ends.receiver,))
                os.write(writing, str(made._pid).encode())
                time.sleep(60)
        finally:
            os._exit(0)
    child = int(os.read(reading, 20))
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{child}").exists()


def test_an_acknowledgement_came_when_the_kernel_got_it_and_not_when_it_is_read():
    """A kernel begins to note arrivals a moment after the first socket has asked for it, so the first may be missed."""
    with datagrams.udp_socket() as one, datagrams.udp_socket() as other:
        datagrams.connect(one, other)
        ages = []
        while len(ages) < 100 and max(ages, default=0) < 20_000_000:
            datagrams.write(one.fileno(), b"early")
            time.sleep(0.02)
            found = datagrams.receive(other)
            assert found is not None
            data, came = found
            assert data == b"early"
            ages.append(time.time_ns() - came if came is not None else 0)
        assert ages[-1] >= 20_000_000
        assert datagrams.receive(other) is None


def test_an_interval_sees_what_came_before_its_end_however_late_it_is_handled():
    """Packet 0 came before the first timer, packet 1 after it; both are read long after all of it."""
    [flow], order = flows_of(small()), []
    acknowledged, timer = flow.acknowledged, flow.timer
    flow.acknowledged = lambda number, came: (order.append(number), acknowledged(number, came))
    flow.timer = lambda: (order.append("timer"), timer())[1]
    for _ in range(2):
        flow.sent(flow.due)
    with datagrams.udp_socket() as one, datagrams.udp_socket() as nobody:
        datagrams.connect(one, nobody)
        with deciding(keep, 1) as deciders:
            sender = Sender([flow], one, 60 * layout.SECOND, deciders)
            interval = int(flow.record["timer"])
            sender._came.extend([(interval - 1, 0), (interval + 1, 1)])
            while len(order) < 3:
                sender._event(real_time.clock() - 10 * layout.SECOND)
    assert order == [0, "timer", 1]


def test_priority_is_given_back():
    before = os.sched_getscheduler(0)
    with real_time.on_time() as granted:
        now = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        assert now == (os.SCHED_FIFO if granted else before)
    assert os.sched_getscheduler(0) == before


def test_the_gate():
    fine = gate.lateness([10_000] * 100)
    gate.judge(fine, 0, 0, {"anywhere": (5, 5)})
    with pytest.raises(Void, match=r"more than 3\.0 ms late"):
        gate.judge(gate.lateness([10_000] * 90 + [3_000_000] * 10), 0, 0, {})
    with pytest.raises(Void, match=r"11 ms behind its schedule$"):
        gate.judge(fine, 11_000_000, 0, {})
    with pytest.raises(Void, match="2 of 7 datagrams were lost by the kernel on the way"):
        gate.judge(fine, 0, 0, {"on the way": (7, 5)})
    assert gate.lateness([]).worst == 0.0
    attempts = []

    def third():
        attempts.append(1)
        if len(attempts) < 3:
            raise Void("late")
        return "result"

    assert gate.repeated(third) == ("result", ["late", "late"])
