"""Rules and networks scored where it counts: in closed loop, on workloads, by the problem's own evaluator."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from adrs.distill.record import Samples, joined, samples_of
from adrs.distill.symbolic.teacher import Network, TeacherPolicy
from adrs.distill.symbolic.workers import Workers
from adrs.evaluate.harness import Workloads, load_evaluator
from adrs.evaluate.recording import RecordingPolicy
from adrs.evaluation import Evaluator, Invalid, Metrics, WorkloadSpec
from adrs.problem import Problem, load
from adrs.problem_records import Distillation
from adrs.program import Recording
from adrs.rule.form import Rule
from adrs.rule.policy import HistoryPolicy, RulePolicy, evaluate_rule

Decider = Rule | Network
"""What decides and is data."""


@dataclass(frozen=True)
class Outcome:
    """One policy on the workloads of a split."""

    value: float
    """The problem's primary metric; NaN where a rule of the problem was broken."""
    fitness: float
    """The same, higher is better; minus infinity where a rule of the problem was broken."""
    instances: tuple[float, ...]
    """Fitness on single instances."""
    workloads: tuple[tuple[str, float], ...] = ()
    """By name, the metric of each workload."""

    @property
    def worst_tenth(self) -> float:
        """Mean of the lowest tenth of the instances, at least one."""
        if not self.instances:
            return -math.inf
        return float(np.sort(self.instances)[: max(1, round(len(self.instances) / 10))].mean())


@dataclass(frozen=True)
class Single:
    """One policy on one instance of a workload."""

    condition: tuple[float, ...]
    """What the instance is like, as the evaluator describes it and no policy sees it."""
    fitness: float
    samples: Samples


BROKEN = Outcome(math.nan, -math.inf, ())


class ClosedLoop:
    """Scores deciders of one problem; what was asked before is remembered."""

    def __init__(self, problem: Problem, workers: Workers) -> None:
        """Raises ValueError for a problem without `[distill]`."""
        if problem.distillation is None:
            raise ValueError(f"{problem.name} says nothing about distillation")
        self.distillation: Distillation = problem.distillation
        self.problem = problem
        self.evaluations = 0
        """Deciders on single workloads."""
        self.workers = workers.count
        """How many processes score."""
        self._workers = workers
        self._place = (str(problem.folder), problem.mode)
        self._known: dict[tuple[Any, ...], _Measured] = {}

    async def outcomes(self, deciders: Sequence[Decider], specs: Sequence[WorkloadSpec]) -> list[Outcome]:
        """One for each decider, over the same workloads."""
        wanted = {}
        for decider in deciders:
            for spec in specs:
                key = _key(decider, spec)
                if key not in self._known:
                    wanted[key] = (self._place, decider, spec)
        found = await self._workers.map(_measure, list(wanted.values()))
        self.evaluations += len(wanted)
        self._known.update(zip(wanted, found, strict=True))
        return [self._outcome(decider, specs) for decider in deciders]

    def seconds(self, decider: Decider, specs: Sequence[WorkloadSpec]) -> float:
        """Wall time that a decider took on workloads that it was scored on, one after the other."""
        return sum(self._known[_key(decider, spec)].seconds for spec in specs)

    def _outcome(self, decider: Decider, specs: Sequence[WorkloadSpec]) -> Outcome:
        results = [
            (spec, metrics) for spec in specs if (metrics := self._known[_key(decider, spec)].metrics) is not None
        ]
        if len(results) < len(specs):
            return BROKEN
        return outcome(self.problem, _evaluator(*self._place), results)

    async def recorded(self, decider: Decider, specs: Sequence[WorkloadSpec], recording: Recording) -> Samples:
        """What a decider sees and answers; workloads on which it breaks a rule of the problem are left out."""
        calls = [(self._place, decider, spec, recording) for spec in specs]
        found = await self._workers.map(_record, calls)
        return joined([samples_of(recording.function, spec, each)
                       for spec, each in zip(specs, found, strict=True) if each is not None])  # fmt: skip

    async def singles(self, decider: Decider, specs: Sequence[WorkloadSpec], recording: Recording) -> list[Single]:
        """A decider on each instance by itself; none where the evaluator cannot tell instances apart."""
        found = await self._workers.map(_singles, [(self._place, decider, spec, recording) for spec in specs])
        objective, function = self.problem.objective, recording.function
        return [
            Single(condition, objective.fitness(metrics[objective.workload_metric]),
                   samples_of(function, spec, recorded))
            for spec, part in zip(specs, found, strict=True) for condition, metrics, recorded in part
        ]  # fmt: skip


def outcome(problem: Problem, evaluator: Evaluator[Any], results: Sequence[tuple[WorkloadSpec, Metrics]]) -> Outcome:
    """Metrics of workloads taken together."""
    objective, prefix = problem.objective, problem.distillation.instances if problem.distillation else ""
    value = evaluator.summarise(results)[objective.metric]
    single = [each for _, metrics in results for name, each in metrics.items() if prefix and name.startswith(prefix)]
    single = single or [metrics[objective.workload_metric] for _, metrics in results]
    by_workload = tuple((spec.name, metrics[objective.workload_metric]) for spec, metrics in results)
    return Outcome(value, objective.fitness(value), tuple(objective.fitness(each) for each in single), by_workload)


def _key(decider: Decider, spec: WorkloadSpec) -> tuple[Any, ...]:
    return (decider, spec.split, spec.name)


def fresh(specs: Sequence[WorkloadSpec], known: Sequence[WorkloadSpec], count: int, seed: int) -> list[WorkloadSpec]:
    """`count` workloads like `specs`, in turn, with seeds that none of `known` has.

    Families that are not drawn from a seed stay as they are, and come once at most.
    """
    taken = {spec.seed for spec in known}
    generator, made = np.random.default_rng([seed, len(taken)]), list[WorkloadSpec]()
    for place in range(count):
        spec = specs[place % len(specs)]
        if spec.seed is None:
            made += [spec] if spec not in made else []
            continue
        number = next(each for each in iter(lambda: int(generator.integers(10**6, 2**31)), -1) if each not in taken)
        taken.add(number)
        made.append(WorkloadSpec(spec.problem, f"{spec.family}-{number}", spec.family, spec.split, number,
                                 spec.parameters))  # fmt: skip
    return made


def like(specs: Sequence[WorkloadSpec], known: Sequence[WorkloadSpec], each: int, seed: int) -> list[WorkloadSpec]:
    """Fresh workloads of the families of `specs`, so many of each family that is drawn from a seed."""
    drawn = [spec for spec in specs if spec.seed is not None]
    found: list[WorkloadSpec] = []
    for place, family in enumerate(dict.fromkeys(spec.family for spec in drawn)):
        own = [spec for spec in drawn if spec.family == family]
        found += fresh(own, [*known, *found], each, seed + place)
    return found


@lru_cache(maxsize=4)
def _problem(folder: str, mode: str) -> Problem:
    return load(str(Path(folder)), mode)


@lru_cache(maxsize=4)
def _evaluator(folder: str, mode: str) -> Evaluator[Any]:
    return load_evaluator(_problem(folder, mode))


@lru_cache(maxsize=4)
def _workloads(folder: str, mode: str) -> Workloads:
    return Workloads(_evaluator(folder, mode))


def _distillation(folder: str, mode: str) -> Distillation:
    found = _problem(folder, mode).distillation
    assert found is not None
    return found


def _policy(place: tuple[str, str], decider: Decider) -> HistoryPolicy:
    distillation = _distillation(*place)
    if isinstance(decider, Rule):
        return RulePolicy(decider, distillation.function)
    return TeacherPolicy(decider, distillation.inputs, distillation.function)


@dataclass(frozen=True)
class _Measured:
    """One decider on one workload."""

    metrics: Metrics | None
    """None where a rule of the problem is broken."""
    seconds: float
    """Wall time, without that of making the workload."""


def _measure(place: tuple[str, str], decider: Decider, spec: WorkloadSpec) -> _Measured:
    evaluator, workload = _evaluator(*place), _workloads(*place).get(spec)
    began = time.perf_counter()
    metrics = _metrics(place, decider, spec, evaluator, workload)
    return _Measured(metrics, time.perf_counter() - began)


def _metrics(
    place: tuple[str, str], decider: Decider, spec: WorkloadSpec, evaluator: Evaluator[Any], workload: Any
) -> Metrics | None:
    try:
        if isinstance(decider, Rule):
            metrics = evaluate_rule(evaluator, decider, _distillation(*place).function, workload, spec)
        else:
            policy = _policy(place, decider)
            policy.reset(spec.policy_seed)
            metrics = evaluator.evaluate(policy, workload, spec)
    except Invalid:
        return None
    return metrics if all(math.isfinite(each) for each in metrics.values()) else None


def _singles(
    place: tuple[str, str], decider: Decider, spec: WorkloadSpec, recording: Recording
) -> list[tuple[tuple[float, ...], Metrics, dict[str, Any]]]:
    """Condition, metrics and what was recorded, of the instances on which no rule of the problem is broken."""
    evaluator, found = _evaluator(*place), []
    for condition, instance in evaluator.instances(_workloads(*place).get(spec)):
        policy = RecordingPolicy(_policy(place, decider), _problem(*place).functions, recording)
        policy.reset(spec.policy_seed)
        alone = replace(spec, parameters={})
        try:
            found.append((tuple(condition.values()), evaluator.evaluate(policy, instance, alone), policy.recorded()))
        except Invalid:
            continue
    return found


def _record(
    place: tuple[str, str], decider: Decider, spec: WorkloadSpec, recording: Recording
) -> dict[str, Any] | None:
    policy = RecordingPolicy(_policy(place, decider), _problem(*place).functions, recording)
    policy.reset(spec.policy_seed)
    try:
        _evaluator(*place).evaluate(policy, _workloads(*place).get(spec), spec)
    except Invalid:
        return None
    return policy.recorded()
