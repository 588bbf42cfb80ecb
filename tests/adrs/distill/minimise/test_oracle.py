"""What counts as the same program, and what as one that is no worse."""

import asyncio
from dataclasses import replace

import pytest

from adrs import problem
from adrs.calibrate import calibrate
from adrs.distill.minimise.oracle import Ground, prepared
from adrs.distill.minimise.tolerance import tolerance
from adrs.errors import UserError
from adrs.program import SPLITS
from adrs.testing.executor import InProcessExecutor

GREEDY = """
import numpy as np

def solve(instance):
    length = instance["length"]
    busy = np.zeros(instance["machines"])
    machine = np.zeros(len(length), dtype=np.int64)
    for job in ORDER:
        machine[job] = np.argmin(busy)
        busy[machine[job]] += length[job]
    return machine
"""
SHORTEST_FIRST = GREEDY.replace("ORDER", "np.argsort(length)")
LONGEST_FIRST = GREEDY.replace("ORDER", "np.argsort(-length)")
REMEMBERS_NOTHING = GREEDY.replace("ORDER", "range(len(length))")
NOISY = GREEDY.replace("ORDER", "np.argsort(-length + 0.5 * np.random.default_rng().normal(size=len(length)))")


class Counting(InProcessExecutor):
    jobs = 0

    async def evaluate(self, job):
        self.jobs += 1
        return await super().evaluate(job)


@pytest.fixture
def oracle(demo):
    def make(source, mode="preserve"):
        async def work():
            loaded = problem.load(str(demo))
            executor = Counting(loaded)
            calibration = await calibrate(loaded, executor, SPLITS)
            return await prepared(Ground(loaded, executor, calibration, source), mode), executor

        return asyncio.run(work())

    return make


def judged(oracle, *sources):
    async def work():
        return [await oracle.confirm(source) for source in sources]

    return asyncio.run(work())


def test_preserve_refuses_what_improve_accepts(oracle):
    """Two-sided against one-sided: a better program is another program."""
    preserve, _ = oracle(SHORTEST_FIRST)
    improve, _ = oracle(SHORTEST_FIRST, "improve")
    kept, better = judged(preserve, LONGEST_FIRST)[0], judged(improve, LONGEST_FIRST)[0]
    assert not kept.accepted
    assert "makespan" in kept.reason
    assert better.accepted
    moved = improve.tolerance.moved(improve.reference.whole, better.evaluation, improve.scale)
    assert {each.workload for each in moved} == {spec.name for spec in problem_workloads(improve)}
    assert all(each.after < each.before for each in moved)


def problem_workloads(oracle):
    return oracle.reference.whole.workloads


def test_neither_accepts_what_is_worse(oracle):
    for mode in ("preserve", "improve"):
        assert not judged(oracle(LONGEST_FIRST, mode)[0], REMEMBERS_NOTHING)[0].accepted


def test_equal_answers_are_accepted_and_cost_once(oracle):
    found, executor = oracle(LONGEST_FIRST)
    before = executor.jobs
    same = LONGEST_FIRST.replace("-length", "0 - length")
    (first,) = judged(found, same)
    assert first.accepted
    assert first.stage == "full"
    assert executor.jobs == before + 2, "a part, then all"
    assert judged(found, same)[0].accepted
    assert executor.jobs == before + 2


def test_cheap_tests_come_first(oracle):
    found, executor = oracle(LONGEST_FIRST)
    before = executor.jobs
    verdicts = judged(
        found, "def solve(", "def other(x):\n    return x", "def solve(x):\n    return y", "import socketX"
    )
    assert {verdict.stage for verdict in verdicts} == {"screen"}
    assert executor.jobs == before
    assert judged(found, "def solve(instance):\n    return [0]")[0].stage == "part"
    assert executor.jobs == before + 1


def test_an_edit_of_nothing_that_matters_needs_no_evaluation(oracle):
    found, executor = oracle(LONGEST_FIRST)
    before = executor.jobs
    renamed = LONGEST_FIRST.replace("busy", "load")

    async def work():
        return await found.judge(renamed, found.digest(LONGEST_FIRST))

    assert asyncio.run(work()).stage == "same"
    assert executor.jobs == before


def test_what_fails_cannot_be_made_smaller(oracle):
    with pytest.raises(UserError, match="ends invalid on train"):
        oracle("def solve(instance):\n    return [0]")


def test_metrics_that_do_not_repeat_are_compared_with_a_margin(oracle, demo):
    found, _ = oracle(NOISY)
    assert found.tolerance.noisy
    assert found.tolerance.measured == {"makespan"}
    assert found.tolerance.margin > 0
    assert not judged(found, REMEMBERS_NOTHING)[0].accepted
    steady, _ = oracle(LONGEST_FIRST)
    assert not steady.tolerance.noisy


def test_a_declared_margin_holds_where_time_is_measured(demo):
    loaded = problem.load(str(demo))
    timed = replace(loaded, objective=replace(loaded.objective, noisy=True, margin=0.3))

    async def work():
        executor = InProcessExecutor(timed)
        calibration = await calibrate(timed, executor, ["train"])
        return await prepared(Ground(timed, executor, calibration, LONGEST_FIRST), "preserve")

    found = asyncio.run(work())
    assert (found.tolerance.noisy, found.tolerance.margin) == (True, 0.3)
    worse = replace(found.reference.whole, fitness=found.reference.whole.fitness - 0.2)
    assert found.tolerance.broken(found.reference.whole, worse, found.scale) == ""
    worst = replace(found.reference.whole, fitness=found.reference.whole.fitness - 0.4)
    assert "needed" in found.tolerance.broken(found.reference.whole, worst, found.scale)
    assert found.tolerance.is_measured(found.reference.whole, worst, found.scale)


def test_half_a_percent_of_the_distance_between_the_baselines_where_answers_are_compared_too(oracle):
    found, _ = oracle(LONGEST_FIRST)
    loaded, whole = found._ground.problem, found.reference.whole
    allowed = tolerance(loaded, "preserve", [whole, whole], behaves=True)
    first = whole.workloads[0]
    distance = abs(found.scale.workloads[first.name].state_of_the_art - found.scale.workloads[first.name].trivial)

    def moved(share):
        metrics = {"makespan": first.metrics["makespan"] + share * distance}
        return replace(whole, workloads=(replace(first, metrics=metrics), *whole.workloads[1:]))

    for share in (-0.004, 0.004):
        assert allowed.broken(whole, moved(share), found.scale) == ""
    for share in (-0.006, 0.006):
        assert first.name in allowed.broken(whole, moved(share), found.scale), "both ways"


def test_a_workload_that_refused_late_is_asked_before_all_of_them_from_then_on(oracle):
    found, _ = oracle(LONGEST_FIRST)
    wrong_on_skewed = GREEDY.replace("ORDER", "(np.argsort(-length) if length.max() < 10 else range(len(length)))")

    async def work():
        guess = await found.judge(wrong_on_skewed)
        return guess, await found.confirm(wrong_on_skewed), await found.judge(wrong_on_skewed.replace("10", "9.99"))

    guess, confirmed, later = asyncio.run(work())
    assert guess.accepted, "the first workload is uniform"
    assert not confirmed.accepted
    assert "skewed-1003" in confirmed.reason
    assert (later.accepted, later.stage) == (False, "part")
