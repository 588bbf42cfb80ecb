"""The minimiser on a congestion policy that was bloated for the purpose, in the sandbox."""

import asyncio
from pathlib import Path

import pytest

from adrs import problem
from adrs.calibrate import calibrate
from adrs.distill.minimise.behaviour import observe
from adrs.distill.minimise.fixpoint import Minimiser
from adrs.distill.minimise.oracle import Ground, prepared
from adrs.distill.stop import Stop
from adrs.evaluate.pool import LocalPool

SOURCE = (Path(__file__).parents[1] / "programs" / "bloated.py").read_text()
COUNTING = (
    "calls = 0\n\ndef on_interval(observation, state):\n    global calls\n    calls += 1\n    return 1.0 / calls\n"
)
BOLDER = SOURCE.replace("pressure = GAIN * (smooth - 1.0)", "pressure = 2.0 * GAIN * (smooth - 1.0)")


@pytest.fixture(scope="module")
def found():
    """What becomes of it, and what oracles say of others."""
    loaded = problem.load("congestion-control")

    async def work():
        pool = LocalPool(loaded, 2)
        try:
            await pool.start()
            ground = Ground(loaded, pool, await calibrate(loaded, pool, ["train"]), SOURCE)
            preserve, improve = await prepared(ground, "preserve"), await prepared(ground, "improve")
            minimiser = Minimiser(preserve, SOURCE, loaded.functions, 2, Stop(), lambda tried: None)
            assert await minimiser.run()
            return {
                "chain": minimiser.chain, "preserve": preserve, "improve": improve,
                "refused": await preserve.judge(BOLDER), "accepted": await improve.confirm(BOLDER),
                "counting": await observe(loaded, pool, COUNTING, loaded.workloads["train"][1:2]),
            }  # fmt: skip
        finally:
            await pool.close()

    return asyncio.run(work())


@pytest.mark.slow
def test_preserve_halves_it_and_moves_no_workload(found):
    oracle, chain = found["preserve"], found["chain"]
    best = chain[-1]
    assert 150 <= chain[0].size.nodes <= 180
    assert best.size.nodes <= 0.5 * chain[0].size.nodes
    evaluation = best.verdict.evaluation
    assert oracle.tolerance.moved(oracle.reference.whole, evaluation, oracle.scale) == []
    assert evaluation.score == pytest.approx(oracle.reference.whole.score, abs=0.5)
    assert best.verdict.distance.mean <= 0.01
    for gone in ("random", "jitter", "LIMIT", "floor"):
        assert gone not in best.source


@pytest.mark.slow
def test_what_improve_accepts_preserve_refuses(found):
    """With twice the weight on latency it queues less: a better program, but another one."""
    assert BOLDER != SOURCE
    refused, accepted, improve = found["refused"], found["accepted"], found["improve"]
    assert not refused.accepted
    assert refused.stage == "behaviour", "before anything is simulated"
    assert accepted.accepted
    assert accepted.evaluation.fitness > improve.reference.whole.fitness
    moved = improve.tolerance.moved(improve.reference.whole, accepted.evaluation, improve.scale)
    assert {each.workload for each in moved} <= {
        spec.name for spec in problem.load("congestion-control").workloads["train"]
    }
    assert moved


@pytest.mark.slow
def test_a_program_that_answers_otherwise_when_asked_again_is_found_out(found):
    behaviour, why_not = found["counting"]
    assert behaviour is None
    assert "not a function of what it is shown" in why_not
