"""Evaluations end early where a program cannot be kept, and only there."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adrs import problem as problems
from adrs.evaluate import harness, messages
from adrs.evaluation import Evaluator, Metrics
from adrs.optimistic import Optimum
from adrs.problem import Problem
from adrs.program import Evaluation, Job, Program, Threshold
from adrs.testing.policy import InProcessPolicy

_GOOD = """
import numpy as np

def solve(instance):
    busy = np.zeros(instance["machines"])
    machine = np.zeros(len(instance["length"]), dtype=np.int64)
    for job in np.argsort(-instance["length"]):
        machine[job] = np.argmin(busy)
        busy[machine[job]] += instance["length"][job]
    return machine
"""
_BAD = "def solve(instance):\n    return [0] * len(instance['length'])\n"


class Bench:
    """A problem whose programs are evaluated here."""

    def __init__(self, folder: Path) -> None:
        self.problem: Problem = problems.load(str(folder))
        self._evaluator: Evaluator[Any] = harness.load_evaluator(self.problem)
        self._workloads = harness.Workloads(self._evaluator)

    def evaluate(self, source: str, threshold: Threshold | None = None) -> Evaluation:
        job = messages.job_from_plain(messages.job_to_plain(Job(source, "train", threshold=threshold)))
        policy = InProcessPolicy(self.problem, source)
        return harness.evaluate(self.problem, self._evaluator, self._workloads, policy, job)

    def optimum(self) -> Optimum:
        paths = [baseline.path for baseline in self.problem.baselines]
        return Optimum(self.problem, [self.evaluate(path.read_text()) for path in paths])


@pytest.fixture
def bench(demo: Path) -> Bench:
    return Bench(demo)


def threshold(optimum: Optimum, fitness: float) -> Threshold:
    made = optimum.threshold(fitness)
    assert made is not None
    return made


def test_a_hopeless_program_stops_early_and_says_why(bench: Bench) -> None:
    whole = bench.evaluate(_GOOD)
    assert whole.fitness is not None
    stopped = bench.evaluate(_BAD, threshold(bench.optimum(), whole.fitness))
    assert (stopped.verdict, stopped.fitness, stopped.score) == ("ok", None, None)
    assert stopped.stage == "smoke"
    assert len(stopped.workloads) == 1
    assert stopped.reason.startswith(
        "stopped after 1 of 5 workloads: even if the rest went as well as thinkable, makespan would be "
    )
    assert f"{-whole.fitness:.6g} is needed" in stopped.reason


def test_what_can_be_kept_is_evaluated_to_the_end(bench: Bench) -> None:
    optimum = bench.optimum()
    for source in (_GOOD, _BAD):
        whole = bench.evaluate(source)
        assert whole.fitness is not None
        for needed in (whole.fitness, whole.fitness - 1.0):
            same = bench.evaluate(source, threshold(optimum, needed))
            assert (same.stage, same.fitness) == ("full", whole.fitness)


def test_in_the_last_stage_the_stop_is_partial(bench: Bench) -> None:
    whole = bench.evaluate(_GOOD)
    assert whole.fitness is not None
    found = bench.evaluate(_GOOD, threshold(bench.optimum(), 0.8 * whole.fitness))
    assert found.stage in ("smoke", "partial")
    assert found.fitness is None
    assert 1 <= len(found.workloads) < 5


def test_thinkable_is_a_little_better_than_the_best_told_but_within_the_bound(bench: Bench) -> None:
    optimum = bench.optimum()
    good = bench.evaluate(_GOOD)
    optimum.tell(Program(2, _GOOD, "", evaluation=good))
    thinkable = threshold(optimum, 0.0).thinkable
    for result in good.workloads:
        assert thinkable[result.name]["makespan"] <= result.metrics["makespan"]
        assert thinkable[result.name]["makespan"] >= result.bounds["makespan"]
    unbounded = replace(good, workloads=tuple(replace(result, bounds={}) for result in good.workloads))
    plain = threshold(Optimum(bench.problem, [unbounded]), 0.0).thinkable
    for result in good.workloads:
        assert plain[result.name]["makespan"] == pytest.approx(0.95 * result.metrics["makespan"])


def test_bounds_and_weights_cross_to_the_engine_whatever_numbers_they_are() -> None:
    metrics = Metrics(cost=np.float32(3.0), weight=np.int64(4), bounds={"cost": np.int64(2)})
    message = messages.unpack(messages.pack({"weight": metrics.weight, "bounds": metrics.bounds})[4:])
    assert message == {"weight": 4.0, "bounds": {"cost": 2.0}}


def test_a_threshold_is_of_its_time(bench: Bench) -> None:
    better = bench.evaluate(_GOOD)
    optimum = Optimum(
        bench.problem, [replace(better, workloads=tuple(replace(result, bounds={}) for result in better.workloads))]
    )
    before = threshold(optimum, 0.0)
    copied = {name: dict(metrics) for name, metrics in before.thinkable.items()}
    better = replace(better, workloads=tuple(replace(r, metrics={"makespan": 0.1}) for r in better.workloads))
    optimum.tell(Program(2, _GOOD, "", evaluation=better))
    assert before.thinkable == copied
    assert threshold(optimum, 0.0).thinkable != copied


def test_nothing_is_thinkable_where_metrics_are_noisy_or_weights_unknown(bench: Bench) -> None:
    found = [bench.evaluate(_GOOD)]
    noisy = replace(bench.problem, objective=replace(bench.problem.objective, noisy=True))
    assert Optimum(noisy, found).threshold(0.0) is None
    weightless = replace(found[0], workloads=tuple(replace(r, weight=None) for r in found[0].workloads))
    assert Optimum(bench.problem, [weightless]).threshold(0.0) is None
    assert Optimum(bench.problem, []).threshold(0.0) is None
