"""The problem as a whole: published numbers, baselines, building blocks, cheats, the leaderboard's formula."""

import importlib.util
from pathlib import Path
from random import Random

import numpy as np
import pytest

from adrs import problem as problems
from adrs import resources
from adrs.calibrate import Calibration
from adrs.errors import UserError
from adrs.evaluate import harness
from adrs.evaluation import Invalid, Metrics, WorkloadSpec
from adrs.program import Job
from adrs.propose.embedded.template import Template
from adrs.source import screen
from adrs.testing.policy import InProcessPolicy
from evaluators.systems import transaction_workloads
from evaluators.systems.transaction_scheduling import TransactionScheduling, check_permutation, leaderboard
from evaluators.systems.transaction_scheduling_legacy import LegacyTransactionScheduling

PROBLEM = problems.load("transaction-scheduling")
EVALUATOR = harness.load_evaluator(PROBLEM)
WORKLOADS = harness.Workloads(EVALUATOR)


def evaluate(path: Path, split="train", scale=None):
    source = path.read_text()
    return harness.evaluate(
        PROBLEM, EVALUATOR, WORKLOADS, InProcessPolicy(PROBLEM, source), Job(source, split, None, scale)
    )


def baseline(name):
    return next(baseline.path for baseline in PROBLEM.baselines if baseline.name == name)


def module(name):
    """A baseline as a module."""
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), baseline(name))
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def published():
    """The published batches that are here, by number."""
    paths = {number: resources.data_folder() / f"transactions/workload_{number}.json" for number in (1, 3)}
    for path in paths.values():
        if not path.is_file():
            pytest.skip(f"published batch {path} is missing; set ADRS_DATA to the folder that holds it")
    return {number: transaction_workloads.read(path) for number, path in paths.items()}


@pytest.fixture(scope="module")
def scale():
    """Makespans of the trivial and the state-of-the-art baseline on train."""
    names = [PROBLEM.baseline(role).name for role in ("trivial", "state-of-the-art")]
    return Calibration(PROBLEM, {(name, "train"): evaluate(baseline(name)) for name in names}).scale("train")


ORDERS = {
    "arrival": lambda n: np.arange(n),
    "reversed": lambda n: np.arange(n)[::-1].copy(),
    "times 37": lambda n: 37 * np.arange(n) % 100,
    "even then odd": lambda n: np.r_[0:n:2, 1:n:2],
    "first ten": lambda n: np.arange(10),
}


@pytest.mark.parametrize(
    ("order", "first", "third"),
    [
        ("arrival", 452, 47),
        ("reversed", 456, 47),
        ("times 37", 474, 178),
        ("even then odd", 468, 60),
        ("first ten", 57, 12),
    ],
)
def test_makespans_of_fixed_orders(published, order, first, third):
    assert [published[number].makespan(ORDERS[order](100)) for number in (1, 3)] == [first, third]


def test_lower_bounds_of_the_published_batches(published):
    assert [published[number].lower_bound() for number in (1, 3)] == [67, 18]


def sampled(batch, seed):
    order = module("shortest-makespan-first").shortest_makespan_first(batch.instance(0), Random(seed))
    return batch.makespan(np.array(order))


def test_shortest_makespan_first_has_the_published_digits(published):
    assert [sampled(published[number], 42) for number in (1, 3)] == [244, 61]


def test_shortest_makespan_first_over_a_hundred_seeds(published):
    means = [np.mean([sampled(published[number], seed) for seed in range(100)]) for number in (1, 3)]
    assert [round(float(mean), 1) for mean in means] == [253.7, 56.6]


def test_full_greedy_from_the_first_and_from_the_best_start(published):
    greedy = module("full-greedy").full_greedy
    makespans = {
        number: [batch.makespan(np.array(greedy(batch.instance(0), start))) for start in range(100)]
        for number, batch in published.items()
    }
    assert [makespans[number][0] for number in (1, 3)] == [228, 39]
    assert [min(makespans[number]) for number in (1, 3)] == [203, 39]
    assert makespans[1].index(203) == 24
    best = module("best-of-starts").solve(published[1].instance(0))
    assert published[1].makespan(np.array(best)) == 203


@pytest.mark.slow
def test_annealing_comes_near_the_best_known_orders(published):
    anneal = module("annealing").anneal
    for number, least, most in ((1, 155, 175), (3, 32, 38)):
        orders = [anneal(published[number].instance(0), Random(seed)) for seed in range(2)]
        assert all(least <= published[number].makespan(order) <= most for order in orders)


def test_the_leaderboard_formula():
    assert leaderboard(537) == 0
    assert leaderboard(600) == 0
    assert round(leaderboard(352), 4) == 41.8647
    assert leaderboard(228) == pytest.approx(69.9, abs=0.1)
    assert leaderboard(46) == 100


def results(*names):
    """Results of 100 ticks on published batches of these names."""
    specs = [
        WorkloadSpec("p", name, "published", "test", None, {"file": f"transactions/{name}.json"}) for name in names
    ]
    generated = WorkloadSpec("p", "wide-1", "wide", "test", 1)
    return [(spec, Metrics(makespan=100)) for spec in [*specs, generated]]


def test_the_leaderboard_score_needs_all_three_published_batches():
    evaluator = TransactionScheduling()
    summary = evaluator.summarise(results("workload_1", "workload_2", "workload_3"))
    assert summary == {"total_makespan": 400, "leaderboard": leaderboard(300)}
    assert evaluator.summarise(results("workload_1", "workload_3")) == {"total_makespan": 300}


def test_a_permutation_is_accepted_and_the_first_repetition_named():
    check_permutation(np.array([2, 0, 1]))
    with pytest.raises(Invalid, match="transaction 3 appears again at index 2, and transaction 1 is missing"):
        check_permutation(np.array([3, 0, 3, 2, 2]))


def test_trivial_and_state_of_the_art_rank_as_declared(scale):
    assert scale.total.defined()
    for split in ("validation", "test"):
        totals = [evaluate(baseline(name), split).metrics["total_makespan"]
                  for name in ("arrival-order", "shortest-makespan-first")]  # fmt: skip
        assert totals[1] < totals[0]


def test_baselines_between_them(scale):
    scores = {
        name: evaluate(baseline(name), scale=scale).score
        for name in ("longest-first", "most-conflicts-first", "full-greedy", "best-of-starts")
    }
    assert 0 < scores["longest-first"] < 100
    assert 0 < scores["most-conflicts-first"] < 100
    assert 100 < scores["full-greedy"] < scores["best-of-starts"]


def test_the_seed_program_is_arrival_order(scale):
    assert evaluate(PROBLEM.seed, scale=scale).score == 0


@pytest.mark.parametrize("block", PROBLEM.blocks, ids=lambda path: path.stem)
def test_every_building_block_beats_the_state_of_the_art_as_it_is(block, scale):
    evaluation = evaluate(block, scale=scale)
    assert evaluation.verdict == "ok", evaluation.reason
    assert evaluation.score > 110


@pytest.mark.parametrize("block", PROBLEM.blocks, ids=lambda path: path.stem)
def test_building_blocks_with_drawn_holes_are_programs(block):
    template = Template(block)
    generator = Random(1)
    batch = transaction_workloads.draw("two-shapes", 5)
    for _ in range(4):
        source = template.render(template.draw(generator))
        screen(source, PROBLEM.functions, PROBLEM.limits.imports, PROBLEM.limits.source_kb * 1024)
        check_permutation(InProcessPolicy(PROBLEM, source).call("solve", batch.instance(5)))


PATCHES_THIS_PROCESS = ("patches_the_clock", "own_clock")


@pytest.mark.parametrize(
    "cheat", [cheat for cheat in PROBLEM.cheats if cheat.name not in PATCHES_THIS_PROCESS], ids=lambda cheat: cheat.name
)
def test_cheats_get_their_verdict_and_gain_nothing(cheat, scale):
    evaluation = evaluate(cheat.path, scale=scale)
    assert evaluation.verdict == cheat.verdict
    assert cheat.rule in evaluation.reason
    if cheat.verdict == "ok":
        assert evaluation.score < 20
        assert evaluate(cheat.path, scale=scale) == evaluation


def test_a_stored_order_helps_on_the_batch_that_it_was_stored_for(published):
    stored = next(cheat.path for cheat in PROBLEM.cheats if cheat.name == "stored_order")
    makespans = {result.name: result.metrics["makespan"] for result in evaluate(stored, "test").workloads}
    assert makespans["published-workload_1"] == 151
    assert makespans["published-workload_3"] == 47


def test_feedback_tells_what_holds_the_order_up():
    evaluation = evaluate(baseline("arrival-order"))
    assert all(
        "for key" in result.feedback and "no order can beat" in result.feedback for result in evaluation.workloads
    )
    assert not any(
        family in result.feedback for result in evaluation.workloads for family in ("wide", "pair", "shapes")
    )


def test_a_missing_published_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ADRS_DATA", str(tmp_path))
    spec = WorkloadSpec("p", "published-x", "published", "test", None, {"file": "transactions/x.json"})
    with pytest.raises(UserError, match=r"transactions/x\.json"):
        TransactionScheduling().load(spec)


def test_impossible_makespans_are_quarantined():
    spec = PROBLEM.workloads["train"][0]
    workload = WORKLOADS.get(spec)
    metrics = EVALUATOR.evaluate(InProcessPolicy(PROBLEM, PROBLEM.seed.read_text()), workload, spec)
    assert metrics.bounds == {"makespan": workload.bound}


def test_rules_are_those_of_the_class():
    with pytest.raises(UserError, match="strict"):
        TransactionScheduling({"rules": "legacy"})
    with pytest.raises(UserError, match="legacy"):
        LegacyTransactionScheduling({"rules": "strict"})
