"""The minimiser on a congestion policy that was bloated for the purpose."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from adrs import problem
from adrs.calibrate import calibrate
from adrs.distill.minimise import Minimiser, Stop
from adrs.distill.oracle import Ground, prepared
from adrs.testing.executor import InProcessExecutor

SOURCE = (Path(__file__).parent / "programs" / "bloated.py").read_text()


@pytest.fixture(scope="module")
def small():
    """Congestion control on two workloads."""
    loaded = problem.load("congestion-control")
    return replace(loaded, workloads={**loaded.workloads, "train": loaded.workloads["train"][1:3]}, stages=())


@pytest.fixture(scope="module")
def grounds(small):
    async def work():
        executor = InProcessExecutor(small)
        return Ground(small, executor, await calibrate(small, executor, ["train"]), SOURCE)

    return asyncio.run(work())


def minimised(grounds, mode):
    async def work():
        oracle = await prepared(grounds, mode)
        minimiser = Minimiser(oracle, SOURCE, grounds.problem.functions, 1, Stop(), lambda tried: None)
        assert await minimiser.run()
        return oracle, minimiser.chain

    return asyncio.run(work())


@pytest.mark.slow
def test_preserve_halves_it_and_moves_no_workload(grounds):
    oracle, chain = minimised(grounds, "preserve")
    best = chain[-1]
    assert 150 <= chain[0].size.nodes <= 180
    assert best.size.nodes <= 0.5 * chain[0].size.nodes
    found = best.verdict.evaluation
    assert oracle.tolerance.moved(oracle.reference.whole, found, oracle.scale) == []
    assert found.score == pytest.approx(oracle.reference.whole.score, abs=0.5)
    assert best.verdict.distance.mean <= 0.01
    for gone in ("random", "jitter", "LIMIT", "floor"):
        assert gone not in best.source


def test_what_improve_accepts_preserve_refuses(grounds):
    """Without its term for latency the policy uses more of these links: a better program, but another one."""
    bolder = SOURCE.replace("pressure = GAIN * (smooth - 1.0)", "pressure = 0.2 * GAIN * (smooth - 1.0)")
    assert bolder != SOURCE

    async def work():
        preserve, improve = await prepared(grounds, "preserve"), await prepared(grounds, "improve")
        return await preserve.judge(bolder), await improve.judge(bolder), improve

    refused, accepted, improve = asyncio.run(work())
    assert not refused.accepted
    assert refused.stage == "behaviour", "before anything is simulated"
    assert accepted.accepted
    assert accepted.evaluation.fitness > improve.reference.whole.fitness
    moved = improve.tolerance.moved(improve.reference.whole, accepted.evaluation, improve.scale)
    assert {each.workload for each in moved} <= {spec.name for spec in grounds.problem.workloads["train"]}
    assert moved


def test_a_program_that_answers_otherwise_when_asked_again_is_compared_by_metrics_alone(grounds):
    counting = (
        "calls = 0\n\ndef on_interval(observation, state):\n    global calls\n    calls += 1\n    return 1.0 / calls\n"
    )

    async def work():
        return await prepared(replace(grounds, source=counting), "preserve")

    oracle = asyncio.run(work())
    assert oracle.reference.behaviour is None
    assert "not a function of what it is shown" in oracle.reference.why_not
    assert oracle.tolerance.every_metric
