"""How well a program can still do that has run a part of its workloads only: what ends hopeless evaluations early."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from adrs.problem import Problem
from adrs.program import Evaluation, Program, Threshold

_MARGIN = 0.05
"""How much further than the best known value a workload is thought to go, unless a bound is nearer: as a share of that
value, or of its distance from the trivial baseline if that is more. A guess: a program that is far worse than others on
the first workloads and better by more than this on the last ones is lost."""


@dataclass
class _Workload:
    """What is known of a workload."""

    weight: float
    bounds: Mapping[str, float]
    trivial: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Of the best program so far."""


class Optimum:
    """The best that is thinkable on each workload of `train`: a fold over the baselines and the programs told.

    That is the best value told and a margin, within the bound that the evaluator may name. A problem whose metric is
    noisy has none, since a stop would depend on the noise; nor has one whose baselines do not say what workloads weigh.
    """

    def __init__(self, problem: Problem, baselines: Iterable[Evaluation]) -> None:
        """baselines: evaluations of baseline programs on `train`, the trivial one first."""
        self._objective = problem.objective
        self._workloads: dict[str, _Workload] = {}
        self._thinkable: dict[str, Mapping[str, float]] = {}
        found = list(baselines)
        for result in found[0].workloads if found and not problem.objective.noisy else ():
            value = result.metrics.get(problem.objective.workload_metric)
            if value is not None and result.weight is not None:
                self._workloads[result.name] = _Workload(result.weight, result.bounds, value)
        if self._workloads.keys() != {spec.name for spec in problem.workloads["train"]}:
            self._workloads = {}
        for evaluation in found:
            self._learn(evaluation)

    def tell(self, program: Program) -> None:
        """Take note of what a program reached; also of one that was stopped early."""
        if program.evaluation is not None and program.verdict == "ok":
            self._learn(program.evaluation)

    def threshold(self, fitness: float) -> Threshold | None:
        """What an evaluation is to be stopped by, as things are now; None where nothing is known."""
        if not self._workloads:
            return None
        weights = {name: workload.weight for name, workload in self._workloads.items()}
        return Threshold(fitness, dict(self._thinkable), weights)

    def _learn(self, evaluation: Evaluation) -> None:
        metric = self._objective.workload_metric
        for result in evaluation.workloads:
            workload = self._workloads.get(result.name)
            if workload is None or metric not in result.metrics:
                continue
            known = workload.metrics.get(metric)
            value = result.metrics[metric]
            if known is None or self._objective.fitness(value) > self._objective.fitness(known):
                workload.metrics = dict(result.metrics)
                self._thinkable[result.name] = self._improved(workload, value)

    def _improved(self, workload: _Workload, best: float) -> Mapping[str, float]:
        metric, fitness = self._objective.workload_metric, self._objective.fitness
        margin = _MARGIN * max(abs(best), abs(best - workload.trivial))
        value = best + fitness(margin)
        bound = workload.bounds.get(metric)
        return {**workload.metrics, metric: value if bound is None else min(value, bound, key=fitness)}
