"""Packets between two networks of the kernel's, and that nothing is left of them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evaluators.network import measures
from evaluators.network.emulation import path, probes, tun
from evaluators.network.emulation.conditions import MEGA, MILLI, Condition
from evaluators.network.emulation.gate import Void
from evaluators.network.emulation.shuttle import Stamped

MISSING = probes.missing("tun")
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"TUN devices do not work here: {MISSING}")
SMALL = Condition("small", (4 * MEGA,), 20 * MILLI, 30_000, 1)


def networks():
    """All networks that a process is in, and the devices of ours."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(os.readlink(link))  # noqa: PTH115 - no path is meant
        except OSError:
            continue
    return found, {entry.name for entry in Path("/sys/class/net").iterdir()}


def test_the_emulated_sender_through_two_networks():
    before = networks()[1]
    with tun.tun_ends() as (ends, _):
        assert ends.packets == Stamped(28)
        assert networks()[1] == before  # the devices never were in this network
        ran = path.carry(SMALL.scenario(1.0), lambda flow, observation: 0.0, ends)
    for where, (sent, came) in ran.counts.items():
        assert sent == came, where
    assert int(ran.simulation.arrays.flows[0]["acked"]) > 0
    assert measures.measure(ran.simulation, 0).mean_rtt >= 20 * MILLI


@pytest.mark.parametrize("algorithm", ["cubic"])
def test_the_kernels_own_algorithm(algorithm):
    missing = probes.missing_for_kernel(algorithm)
    if missing:
        pytest.skip(missing)
    try:
        ran = tun.run_kernel(SMALL.scenario(1.0), algorithm)
    except Void as void:
        pytest.skip(f"this machine is too busy: {void}")
    measured = measures.measure(ran.simulation, 0)
    assert measured.mean_rtt >= 20 * MILLI
    assert 0 < measured.utilisation <= 1.0 + 1500 * 8 / (4 * MEGA)
    assert measured.goodput > 0


def test_an_algorithm_that_the_kernel_lacks_is_named():
    assert "no-such-one" in probes.missing_for_kernel("no-such-one") or "iperf3" in probes.missing_for_kernel("x")


def test_nothing_is_left_of_a_process_that_is_killed():
    program = (
        "from evaluators.network.emulation import path, tun\n"
        "from evaluators.network.emulation.conditions import BY_NAME\n"
        "with tun.tun_ends() as (ends, _):\n"
        "    print('made', flush=True)\n"
        "    path.carry(BY_NAME['slow'].scenario(60.0), lambda flow, observation: 0.0, ends)\n"
    )
    before = networks()[1]
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "made\n"
    children = []
    deadline = time.monotonic() + 60
    while len(children) < 2 and time.monotonic() < deadline:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        time.sleep(0.05)
    assert len(children) == 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline + 30:
        time.sleep(0.02)
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert networks()[1] == before
    assert not [name for name in networks()[1] if name.startswith("adrs")]
    named = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False).stdout
    assert "adrs" not in named
