"""Measures the baselines that make the scale: 0 = trivial, 100 = state-of-the-art, on each split."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from adrs import paired
from adrs.baseline_cache import BaselineCache
from adrs.errors import UserError
from adrs.problem import Baseline, Problem
from adrs.problem_records import Role
from adrs.program import SPLITS, Evaluation, Job, Split
from adrs.score import Scale, SplitScale

ENDS_OF_SCALE: tuple[Role, ...] = ("trivial", "state-of-the-art")
"""Roles of the baselines that make the scale."""


class Evaluate(Protocol):
    """The part of an executor that is needed here."""

    async def evaluate(self, job: Job) -> Evaluation:
        """Run one evaluation."""


@dataclass
class Calibration:
    """Evaluations of baselines by name and split, and the scales that follow."""

    problem: Problem
    evaluations: dict[tuple[str, Split], Evaluation] = field(default_factory=dict)
    half_widths: dict[Split, float] = field(default_factory=dict)
    """Of the paired 95 % interval of the distance of a scale's ends, where the evaluator resamples instances."""

    def add(self, name: str, split: Split, evaluation: Evaluation) -> None:
        """A baseline is measured; once both ends of a scale are, it is known how sure their distance is."""
        self.evaluations[name, split] = evaluation
        ends = self.ends_of_scale(split)
        found = paired.half_width(*ends) if len(ends) == len(ENDS_OF_SCALE) else None
        if found is not None:
            self.half_widths[split] = found

    def plain(self, name: str, split: Split) -> dict[str, Any]:
        """What a log keeps of a measured baseline: of the replicates only what they say of the scale."""
        evaluation = self.evaluations[name, split]
        workloads = tuple(replace(result, replicates=()) for result in evaluation.workloads)
        kept = {"name": name, "split": split, "evaluation": replace(evaluation, workloads=workloads).plain()}
        return {**kept, "half_width": self.half_widths.get(split)}

    def add_plain(self, kept: Mapping[str, Any]) -> None:
        """A baseline is measured, as a log has it."""
        self.add(kept["name"], kept["split"], Evaluation.from_plain(kept["evaluation"]))
        if kept.get("half_width") is not None:
            self.half_widths[kept["split"]] = kept["half_width"]

    def scale(self, split: Split) -> SplitScale | None:
        """The scale of a split; None before its baselines are measured, or where the problem lacks one.

        Its workloads have none where the split has none.
        """
        trivial, best = self._evaluation("trivial", split), self._evaluation("state-of-the-art", split)
        if trivial is None or best is None:
            return None
        objective = self.problem.objective
        total = self._total(split)
        if total is not None and not total.defined():
            return SplitScale(None, {})

        def scale(low: Mapping[str, float], high: Mapping[str, float], metric: str) -> Scale | None:
            if metric not in low or metric not in high:
                return None
            made = Scale(low[metric], high[metric], objective.direction)
            return made if made.defined() else None

        theirs = {result.name: result.metrics for result in best.workloads}
        workloads = {
            result.name: made
            for result in trivial.workloads
            if (made := scale(result.metrics, theirs.get(result.name, {}), objective.workload_metric)) is not None
        }
        return SplitScale(total, workloads)

    def why_no_score(self, split: Split) -> str:
        """Why native units are shown of a split whose baselines are measured; nothing where there is a score."""
        total = self._total(split)
        return "" if total is None else total.why_undefined()

    def _total(self, split: Split) -> Scale | None:
        objective = self.problem.objective
        ends = (self._evaluation("trivial", split), self._evaluation("state-of-the-art", split))
        values = [each.metrics[objective.metric] for each in ends if each and objective.metric in each.metrics]
        if len(values) < len(ends):
            return None
        return Scale(values[0], values[1], objective.direction, self.half_widths.get(split, 0.0))

    def _evaluation(self, role: str, split: Split) -> Evaluation | None:
        baseline = self.problem.baseline(role)
        return None if baseline is None else self.evaluations.get((baseline.name, split))

    def ends_of_scale(self, split: Split) -> list[Evaluation]:
        """Evaluations of the baselines that make the scale of a split, the trivial one first.

        They are known before a run begins. Heuristic ones are not: what depended on them would differ once a run that
        has measured them is gone on with.
        """
        found = (self._evaluation(role, split) for role in ENDS_OF_SCALE)
        return [evaluation for evaluation in found if evaluation is not None]

    def family_spans(self, split: Split) -> dict[str, float]:
        """How far the state-of-the-art baseline is above the trivial one in each family of a split; negative where it
        is below. Needs both.

        By the family's own value where the evaluator's summary names it, METRIC_FAMILY with `_` for `-`, or where the
        split has one family; else on average of the family's workloads.
        """
        objective = self.problem.objective
        families = list(dict.fromkeys(spec.family for spec in self.problem.workloads[split]))

        def fitness(evaluation: Evaluation, family: str) -> float:
            own = objective.metric if len(families) == 1 else f"{objective.metric}_{family.replace('-', '_')}"
            if own in evaluation.metrics:
                return objective.fitness(evaluation.metrics[own])
            names = {spec.name for spec in self.problem.workloads[split] if spec.family == family}
            values = [each.metrics[objective.workload_metric] for each in evaluation.workloads if each.name in names]
            return objective.fitness(sum(values) / len(values))

        spans = {}
        for family in families:
            low, high = (fitness(evaluation, family) for evaluation in self.ends_of_scale(split))
            spans[family] = high - low
        return spans

    def score(self, baseline: Baseline, split: Split) -> float | None:
        """Score of a measured baseline."""
        evaluation, scale = self.evaluations.get((baseline.name, split)), self.scale(split)
        if evaluation is None or scale is None or scale.total is None:
            return None
        value = evaluation.metrics.get(self.problem.objective.metric)
        return None if value is None else scale.total.score(value)


async def calibrate(
    problem: Problem,
    executor: Evaluate,
    splits: Iterable[Split],
    roles: Iterable[str] = ENDS_OF_SCALE,
    note: Callable[[str], None] = lambda text: None,
    known: Calibration | None = None,
) -> Calibration:
    """Evaluate the baselines in the given roles; deterministic problems are remembered between runs.

    `note` hears how far it is; `known` has what was measured before, and gets the rest. Raises UserError as soon as a
    baseline that makes the scale does not end `ok`: no score could be believed.
    """
    calibration = Calibration(problem) if known is None else known
    measured = _measured(calibration, executor, splits, set(roles), None, note)
    async with contextlib.aclosing(measured):
        async for baseline, split, evaluation in measured:
            _refuse_unless_ok(baseline, split, evaluation)
    return calibration


def _refuse_unless_ok(baseline: Baseline, split: Split, evaluation: Evaluation) -> None:
    if evaluation.verdict == "ok" or baseline.role not in ENDS_OF_SCALE:
        return
    if evaluation.verdict == "infrastructure":
        raise UserError(evaluation.reason)  # which is the evaluator's fault, or the machine's
    raise UserError(
        f"the {baseline.role} baseline {baseline.path} ends {evaluation.verdict} on {split}: "
        f"{evaluation.reason or 'no reason given'}"
    )


async def measure_heuristics(
    calibration: Calibration,
    executor: Evaluate,
    deadline: float | None,
    record: Callable[[str, Split], None],
    note: Callable[[str], None],
) -> None:
    """Add the heuristic baselines, which are shown and make no scale, as far as they are done by `deadline`.

    `record` gets each as soon as it is measured, `note` hears how far it is.
    """
    measured = _measured(calibration, executor, SPLITS, {"heuristic"}, deadline, note)
    async with contextlib.aclosing(measured):
        async for baseline, split, _ in measured:
            record(baseline.name, split)


async def _measured(
    calibration: Calibration, executor: Evaluate, splits: Iterable[Split], roles: set[str], deadline: float | None,
    note: Callable[[str], None],
) -> AsyncGenerator[tuple[Baseline, Split, Evaluation]]:  # fmt: skip
    """The baselines in the given roles that a calibration lacks, or at which the evaluator failed: added to it, each as
    it comes, until `deadline`."""
    problem, cache = calibration.problem, BaselineCache(calibration.problem)
    done = {key for key, evaluation in calibration.evaluations.items() if evaluation.of_the_program}
    wanted = [(baseline, split) for split in splits if problem.workloads[split] for baseline in problem.baselines
              if baseline.role in roles and (baseline.name, split) not in done]  # fmt: skip
    for baseline, split in tuple(wanted):
        known = cache.recall(baseline, split)
        if known is not None:
            wanted.remove((baseline, split))
            calibration.add(baseline.name, split, known)
            yield baseline, split, known
    tasks = {asyncio.create_task(_measure(cache, executor, baseline, split)): (baseline, split)
             for baseline, split in wanted}  # fmt: skip
    total = len(tasks)

    def tell() -> None:
        baseline, split = next(iter(tasks.values()))  # jobs are done in order
        note(f"{total - len(tasks) + 1} of {total}, {baseline.name} on {split}")

    if tasks:
        tell()
    async with contextlib.aclosing(as_finished(tasks, deadline)) as ended:
        async for task in ended:
            baseline, split = tasks.pop(task)
            calibration.add(baseline.name, split, task.result())
            if tasks:
                tell()
            yield baseline, split, task.result()


async def finished(
    tasks: "Iterable[asyncio.Task[Evaluation]]", deadline: float | None
) -> "set[asyncio.Task[Evaluation]]":
    """The tasks that are done by `deadline` (of `time.monotonic`); the others are cancelled."""
    return {task async for task in as_finished(tasks, deadline)}


async def as_finished(
    tasks: "Iterable[asyncio.Task[Evaluation]]", deadline: float | None
) -> "AsyncGenerator[asyncio.Task[Evaluation]]":
    """The tasks that are done by `deadline` (of `time.monotonic`), as they come; the others are cancelled."""
    waiting = list(tasks)
    try:
        while waiting:
            timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
            done, _ = await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
            ended = [task for task in waiting if task in done]
            waiting = [task for task in waiting if task not in done]
            for task in ended:
                yield task
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def remembered(problem: Problem) -> Calibration:
    """The baselines that were measured before on this machine, without measuring anything."""
    calibration, cache = Calibration(problem), BaselineCache(problem)
    for split in SPLITS:
        for baseline in problem.baselines if problem.workloads[split] else ():
            known = cache.recall(baseline, split)
            if known is not None:
                calibration.add(baseline.name, split, known)
    return calibration


async def _measure(cache: BaselineCache, executor: Evaluate, baseline: Baseline, split: Split) -> Evaluation:
    job = Job(baseline.read(), split, thorough=True, native=baseline.native, replicates=baseline.role in ENDS_OF_SCALE)
    evaluation = await executor.evaluate(job)
    cache.keep(baseline, split, evaluation)
    return evaluation
