"""Cheats, and programs in the form of the public leaderboard, each in a sandbox."""

import asyncio

import pytest

from adrs import problem as problems
from adrs import resources
from adrs.evaluate.pool import LocalPool
from adrs.program import Evaluation, Job

STANDARD = problems.load("transaction-scheduling")
ADAPTER = (STANDARD.folder / "adapters" / "leaderboard.py").read_text()

SAMPLED_GREEDY = """
import random
import time

from txn_simulator import Workload
from workloads import WORKLOAD_1, WORKLOAD_2, WORKLOAD_3

def get_best_schedule(workload, num_seqs):
    generator = random.Random(42)
    remaining = list(range(workload.num_txns))
    schedule = [remaining.pop(generator.randint(0, len(remaining) - 1))]
    while remaining:
        generator.random()
        side = []
        for _ in range(min(num_seqs, len(remaining))):
            last = len(remaining) - 1
            side.append(remaining.pop(generator.randint(0, last) if last else 0))
        costs = [workload.get_opt_seq_cost(schedule + [txn]) for txn in side]
        schedule.append(side.pop(costs.index(min(costs))))
        remaining += side
    return 1.0, schedule
"""
ALL_AT_ONCE = """

def best_of_all():
    workloads = [Workload(text) for text in (WORKLOAD_1, WORKLOAD_2, WORKLOAD_3)]
    assert all(len(workload.txns) == workload.num_txns for workload in workloads)
    found = [schedule_one(workload, 10) for workload in workloads]
    return sum(cost for cost, _ in found), [schedule for _, schedule in found], 0.0

schedule_one = get_best_schedule
del get_best_schedule
get_random_costs = best_of_all
"""
FORMS = {
    "with a number": SAMPLED_GREEDY,
    "without a number": SAMPLED_GREEDY.replace("(workload, num_seqs)", "(workload)").replace("num_seqs", "10"),
    "all at once": SAMPLED_GREEDY + ALL_AT_ONCE,
}


def wrap(source):
    return ADAPTER.replace('PUBLISHED = ""', f"PUBLISHED = {source!r}", 1)


def run(problem, jobs) -> dict[str, Evaluation]:
    """Run named jobs in one sandbox."""

    async def evaluate_all():
        pool = LocalPool(problem, 1)
        await pool.start()
        try:
            return {name: await pool.evaluate(job) for name, job in jobs.items()}
        finally:
            await pool.close()

    return asyncio.run(evaluate_all())


@pytest.fixture(scope="module")
def published():
    """The problem with its published batches as train."""
    for number in (1, 3):
        path = resources.data_folder() / f"transactions/workload_{number}.json"
        if not path.is_file():
            pytest.skip(f"published batch {path} is missing; set ADRS_DATA to the folder that holds it")
    return problems.load("transaction-scheduling", "published")


@pytest.mark.slow
def test_cheats_get_the_verdict_they_deserve():
    jobs = {cheat.name: Job(cheat.path.read_text(), "train") for cheat in STANDARD.cheats}
    honest = Job(STANDARD.baseline("trivial").path.read_text(), "train")
    results = run(STANDARD, {"honest": honest, **jobs})
    for cheat in STANDARD.cheats:
        assert results[cheat.name].verdict == cheat.verdict
        assert cheat.rule in results[cheat.name].reason
    for name in ("patches_the_clock", "own_clock", "changes_the_instance", "stored_order"):
        assert results[name].metrics == results["honest"].metrics
    assert results["own_clock"].cpu_seconds > 0


@pytest.mark.slow
def test_leaderboard_programs_run_in_the_sandbox_with_their_digits(published):
    results = run(published, {name: Job(wrap(source), "train") for name, source in FORMS.items()})
    for evaluation in results.values():
        assert evaluation.verdict == "ok", evaluation.reason
        makespans = {result.name: result.metrics["makespan"] for result in evaluation.workloads}
        assert makespans["published-workload_1"] == 244
        assert makespans["published-workload_3"] == 61


@pytest.mark.slow
def test_what_a_leaderboard_program_claims_is_dropped(published):
    claim = "def get_random_costs():\n    return 1.0, [], 0.0\n"
    short = "def get_best_schedule(workload):\n    return 1.0, [0]\n"
    results = run(published, {"claim": Job(wrap(claim), "train"), "short": Job(wrap(short), "train")})
    assert results["claim"].verdict == "error"
    assert (results["short"].verdict, "shape" in results["short"].reason) == ("invalid", True)


@pytest.mark.slow
def test_the_original_rules_believe_a_claim_and_the_result_is_marked(published):
    legacy = problems.load(str(STANDARD.folder / "legacy"))
    wrong = "def get_random_costs(batches):\n    return {'makespan': 1.0, 'schedules': '[[0, 0]]', 'seconds': 0.0}\n"
    sources = {"honest": legacy.seed.read_text(), "hole": legacy.cheats[0].path.read_text(), "wrong": wrong}
    results = run(legacy, {name: Job(source, "train") for name, source in sources.items()})
    assert results["honest"].metrics["total_makespan"] == 452 + 47
    assert results["hole"].metrics["total_makespan"] == 1.0
    assert results["wrong"].verdict == "invalid"
    for name in ("honest", "hole"):
        assert results[name].verdict == "ok"
        assert "legacy" in results[name].reason
        assert results[name].fitness is None
        assert results[name].score is None
