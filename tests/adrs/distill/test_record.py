"""Recorded rows are the policy's, in an order that nobody's shuffling changes."""

import asyncio
import contextlib
from dataclasses import replace

import numpy as np
import pytest

from adrs import problem
from adrs.distill.record import Ended, Samples, joined, record, replay
from adrs.errors import UserError
from adrs.evaluate.harness import load_evaluator
from adrs.evaluate.pool import LocalPool
from adrs.evaluate.recording import RecordingPolicy, unpack
from adrs.interface import FunctionType, parse_type
from adrs.program import Recording
from adrs.testing.policy import InProcessPolicy

RULE = """
def on_interval(observation, state):
    state["asked"] = state.get("asked", 0) + 1
    return 2.0 - 10.0 * (observation[-2] - 1.0) - 0.01 * state["asked"]
"""
COUNTS_CALLS = """
calls = 0

def on_interval(observation, state):
    global calls
    calls += 1
    return 1.0 if calls % 2 else -1.0
"""


@pytest.fixture(scope="module")
def congestion():
    return problem.load("congestion-control")


@pytest.fixture(scope="module")
def network(congestion):
    evaluator = load_evaluator(congestion)
    spec = congestion.workloads["validation"][2]  # 16 links, asked once
    return evaluator, evaluator.load(spec), spec


def _run(congestion, network, **wanted):
    """What a recording of RULE holds, and the metrics."""
    evaluator, workload, spec = network
    policy = InProcessPolicy(congestion, RULE)
    recorder = RecordingPolicy(policy, congestion.functions, Recording("on_interval", **wanted))
    recorder.reset(spec.policy_seed)
    metrics = evaluator.evaluate(recorder, workload, spec)
    found = recorder.recorded()
    arrays = {name: unpack(found[name]) for name in ("answers", "flow", "step")}
    return {**arrays, "observation": unpack(found["columns"]["observation"])}, metrics


@pytest.fixture(scope="module")
def quiet(congestion, network):
    return _run(congestion, network)


def _same(first, second):
    return all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_rows_are_what_the_policy_saw_and_said(quiet):
    rows, _ = quiet
    expected = 2.0 - 10.0 * (rows["observation"][:, -2] - 1.0) - 0.01 * (rows["step"] + 1)
    assert np.allclose(rows["answers"], expected, rtol=0, atol=1e-12)
    assert len(np.unique(rows["flow"])) == 16
    assert np.bincount(rows["flow"]).max() == 100
    assert all(np.array_equal(rows["step"][rows["flow"] == flow], np.arange(count))
               for flow, count in enumerate(np.bincount(rows["flow"])))  # fmt: skip


def test_the_order_of_asking_leaves_no_trace(congestion, network, quiet):
    again, metrics = _run(congestion, network)
    assert _same(again, quiet[0])
    assert dict(metrics) == dict(quiet[1])


def test_noise_repeats_with_its_seed_and_reaches_the_simulator_alone(congestion, network, quiet):
    first, metrics = _run(congestion, network, noise=0.5, seed=1)
    again, _ = _run(congestion, network, noise=0.5, seed=1)
    other, _ = _run(congestion, network, noise=0.5, seed=2)
    assert _same(first, again)
    assert not _same(first, other)
    assert dict(metrics) != dict(quiet[1])
    expected = 2.0 - 10.0 * (first["observation"][:, -2] - 1.0) - 0.01 * (first["step"] + 1)
    assert np.allclose(first["answers"], expected, rtol=0, atol=1e-12), "answers are recorded without the noise"


def test_noise_is_standard_normal_times_its_deviation():
    kind = FunctionType("ask", "", {"x": parse_type("float", "")}, parse_type("float", ""))

    class Zero:
        def map(self, function, *columns, scenarios=None):
            return np.zeros(len(columns[0]))

    recorder = RecordingPolicy(Zero(), {"ask": kind}, Recording("ask", noise=2.0))
    given = recorder.map("ask", np.linspace(0.0, 1.0, 4000), scenarios=list(range(4000)))
    assert abs(given.mean()) < 0.15
    assert abs(given.std() - 2.0) < 0.1


def test_evenly_spread_rows_reach_the_end_of_a_flow(congestion, network):
    rows, _ = _run(congestion, network, rows_of_flow=10, evenly=True)
    everything, _ = _run(congestion, network, rows_of_flow=10**6)
    assert np.bincount(rows["flow"]).max() == 10
    last = {int(step) for step in rows["step"]}
    assert max(last) == everything["step"].max() > 100


def test_what_is_no_number_cannot_be_recorded(congestion):
    routing = problem.load("budgeted-routing")
    with pytest.raises(UserError, match="does not return a single number"):
        RecordingPolicy(None, routing.functions, Recording("route"))
    with pytest.raises(UserError, match="no function decide"):
        RecordingPolicy(None, congestion.functions, Recording("decide"))
    with pytest.raises(UserError, match="noise needs a function that returns a float"):
        RecordingPolicy(None, problem.load("query-routing").functions, Recording("route", noise=1.0))


@contextlib.asynccontextmanager
async def _pool(congestion):
    pool = LocalPool(congestion, 1)
    try:
        await pool.start()
        yield pool
    finally:
        await pool.close()


@pytest.fixture(scope="module")
def sandboxed(congestion):
    """Samples of RULE on the first workload of train, which is run twice in other orders, and answers to them."""

    async def work():
        async with _pool(congestion) as pool:
            spec, other = congestion.workloads["train"][:2]
            samples = await record(pool, RULE, [spec], Recording("on_interval", rows_of_flow=50))
            found = {
                "samples": samples, "again": await replay(pool, RULE, samples),
                "alone": await replay(pool, RULE, samples, alone=True),
                "counts": await record(pool, COUNTS_CALLS, [other], Recording("on_interval")),
            }  # fmt: skip
            found["recount"] = await replay(pool, COUNTS_CALLS, found["counts"])
            with pytest.raises(Ended, match="ZeroDivisionError"):
                await replay(pool, "def on_interval(observation, state):\n    return 1 / 0\n", samples)
            with pytest.raises(Ended, match="invalid"):
                await replay(pool, "def on_interval(observation, state):\n    return 'no'\n", samples)
            return found

    return asyncio.run(work())


def test_the_sandbox_records_and_replays(sandboxed):
    samples = sandboxed["samples"]
    assert samples.workloads == ("single-1000",)
    assert samples.flows == 16, "the copies, which are asked in another order, are left out"
    assert samples.observations["observation"].shape == (len(samples), 30)
    assert np.array_equal(sandboxed["again"], samples.answers), "a function of what it is shown answers as before"
    assert not np.array_equal(sandboxed["alone"], samples.answers), "this one remembers"


def test_a_program_that_counts_its_calls_is_found_out(sandboxed):
    assert not np.array_equal(sandboxed["recount"], sandboxed["counts"].answers)


def test_the_file_holds_the_same_and_repeats_byte_for_byte(sandboxed, tmp_path):
    samples = sandboxed["samples"]
    for name in ("a.npz", "b.npz"):
        samples.save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = Samples.load(tmp_path / "a.npz")
    assert (found.function, found.workloads, found.splits) == (samples.function, samples.workloads, samples.splits)
    assert np.array_equal(found.observations["observation"], samples.observations["observation"])
    assert np.array_equal(found.flow, samples.flow)


def test_files_of_others_are_refused(tmp_path):
    path = tmp_path / "samples.npz"
    np.savez(path, answers=np.array([object()], dtype=object))
    with pytest.raises(UserError, match="no recorded samples"):
        Samples.load(path)
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match="no recorded samples"):
        Samples.load(path)


def test_samples_are_cut_and_joined_by_whole_flows(sandboxed):
    samples = sandboxed["samples"]
    few = samples.at_most(200)
    assert 100 < len(few) <= 200
    assert few.flows == 4
    assert np.array_equal(np.unique(few.flow), np.arange(4))
    other = replace(samples, workloads=("other",))
    both = joined([samples, other, samples])
    assert both.workloads == ("single-1000", "other")
    assert both.flows == 48
    assert np.array_equal(np.bincount(both.workload), np.array([2, 1]) * len(samples))
