"""When a smaller program counts as the same one, or as no worse: what its evaluation must be like."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from adrs.errors import UserError, did_you_mean
from adrs.problem import Problem
from adrs.program import Evaluation, WorkloadResult
from adrs.score import SplitScale

Mode = Literal["preserve", "improve"]
MODES: Sequence[Mode] = ("preserve", "improve")
_SHARE = 0.005
"""Of the distance from the trivial to the state-of-the-art baseline."""
_RELATIVE = 1e-9
"""Of a metric that is computed and not measured."""


@dataclass(frozen=True)
class Moved:
    """One workload whose metric is not what it was."""

    workload: str
    before: float
    after: float
    score_before: float | None
    score_after: float | None


@dataclass(frozen=True)
class Tolerance:
    """How far evaluations may lie apart.

    Problems that decide again and again are compared on the metric of each workload, to 0.5 % of the distance from
    the trivial to the state-of-the-art baseline, since their behaviour is compared as well; others on every metric of
    each workload, to 1e-9 relative. Measured metrics, which two evaluations of the original do not agree on, are left
    out; where the objective is among them, its total may be worse by the problem's margin.
    """

    mode: Mode
    metric: str
    """Of one workload."""
    every_metric: bool
    measured: frozenset[str]
    """Names of metrics."""
    margin: float
    """Of the objective's total where it is measured, in its unit."""
    noisy: bool
    """Whether it is."""
    strict: bool = False
    """A computed total may not be worse at all, as `improve` asks on `validation`."""

    def broken(self, original: Evaluation, found: Evaluation, scale: SplitScale | None) -> str:
        """Why an evaluation is not like the original's on the same workloads; empty if it is."""
        if found.verdict != "ok":
            return f"{found.verdict}: {found.reason}"
        if original.fitness is None or found.fitness is None:
            return "no fitness"
        if self.mode == "preserve":
            for reason in self._changes(original, found, scale):
                return reason
        if self.mode == "improve" or self.noisy:
            least = original.fitness - self._total(original.fitness, scale)
            if found.fitness < least:
                return f"{self.metric} in total {found.fitness:.6g}, needed {least:.6g}, more is better"
        return ""

    def is_measured(self, original: Evaluation, found: Evaluation, scale: SplitScale | None) -> bool:
        """Whether nothing but a measured total speaks against an evaluation, so that measuring again may help."""
        if not self.noisy or found.verdict != "ok":
            return False
        return self.mode == "improve" or not any(True for _ in self._changes(original, found, scale))

    def moved(self, original: Evaluation, found: Evaluation, scale: SplitScale | None) -> list[Moved]:
        """Workloads whose metric differs by more than `preserve` allows."""
        before = {result.name: result for result in original.workloads}
        return [
            Moved(result.name, before[result.name].metrics[self.metric], result.metrics[self.metric],
                  before[result.name].score, result.score)
            for result in found.workloads
            if self.metric in result.metrics and self._change(before[result.name], result, scale)
        ]  # fmt: skip

    @property
    def of_workloads(self) -> bool:
        """Whether each workload is compared by itself, and no total."""
        return self.mode == "preserve" and not self.noisy

    def first_changed(self, original: Evaluation, found: Evaluation, scale: SplitScale | None) -> str | None:
        """The first workload that `preserve` refuses; None where it is the total that speaks against an evaluation."""
        before = {result.name: result for result in original.workloads}
        changed = (each.name for each in found.workloads if self._change(before[each.name], each, scale))
        return next(changed, None) if self.mode == "preserve" else None

    def _changes(self, original: Evaluation, found: Evaluation, scale: SplitScale | None) -> Iterator[str]:
        before = {result.name: result for result in original.workloads}
        for result in found.workloads:
            changed = self._change(before[result.name], result, scale)
            if changed:
                yield f"{result.name}: {changed}"

    def _change(self, before: WorkloadResult, after: WorkloadResult, scale: SplitScale | None) -> str:
        """What has changed in a workload; empty if nothing has."""
        names = [*before.metrics] if self.every_metric else [self.metric]
        for name in names:
            old, new = before.metrics[name], after.metrics.get(name, math.nan)
            if name in self.measured:
                continue
            if not abs(new - old) <= self._allowed(before.name, old, new, scale):
                return f"{name} {old:.10g} -> {new:.10g}"
        return ""

    def _allowed(self, workload: str, old: float, new: float, scale: SplitScale | None) -> float:
        distance = None if self.every_metric else _distance(scale, workload)
        return _RELATIVE * max(abs(old), abs(new)) if distance is None else _SHARE * distance

    def _total(self, fitness: float, scale: SplitScale | None) -> float:
        """How much worse the total may be."""
        if self.noisy:
            return self.margin
        total = None if self.every_metric or self.strict or scale is None else scale.total
        return _RELATIVE * abs(fitness) if total is None else _SHARE * abs(total.state_of_the_art - total.trivial)


def _distance(scale: SplitScale | None, workload: str) -> float | None:
    """From the trivial to the state-of-the-art baseline on a workload, else over all; None where there is no scale."""
    if scale is None:
        return None
    found = scale.workloads.get(workload, scale.total)
    return None if found is None else abs(found.state_of_the_art - found.trivial)


def read_mode(text: str) -> Mode:
    """A mode by its name. Raises UserError."""
    found = next((mode for mode in MODES if mode == text), None)
    if found is None:
        raise UserError(f'--mode "{text}"{did_you_mean(text, MODES)}')
    return found


def tolerance(
    problem: Problem, mode: Mode, originals: Sequence[Evaluation], behaves: bool, known: frozenset[str] = frozenset()
) -> Tolerance:
    """The tolerance of a problem, given evaluations of the original on the same workloads.

    behaves: whether the answers themselves are compared too. known: names of metrics that are measured, beside those
    that the evaluations do not agree on.
    """
    objective = problem.objective
    found = known | measured(originals)
    noisy = objective.noisy or objective.workload_metric in found
    values = [each.fitness for each in originals if each.fitness is not None]
    spread = max(values) - min(values) if values else 0.0
    return Tolerance(
        mode, objective.workload_metric, not behaves, found, max(objective.margin, spread) if noisy else 0.0, noisy
    )


def measured(evaluations: Sequence[Evaluation]) -> frozenset[str]:
    """Metrics that differ between evaluations of one program, of which all but the first may be of some workloads."""
    found = set()
    tables: list[Mapping[str, Mapping[str, float]]] = [
        {result.name: result.metrics for result in evaluation.workloads} for evaluation in evaluations
    ]
    for table in tables[1:]:
        for workload, metrics in table.items():
            for name, value in metrics.items():
                first = tables[0].get(workload, {}).get(name, math.nan)
                if not abs(value - first) <= _RELATIVE * max(abs(value), abs(first)):
                    found.add(name)
    return frozenset(found)
