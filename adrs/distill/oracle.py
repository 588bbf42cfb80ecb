"""Judges candidates of the minimiser: ordinary programs, in the sandbox, by the problem's own evaluator.

Cheap tests come first: the interface, the actions on recorded observations, a quarter of the workloads, all of them.
What is known of a digest is not asked again.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from adrs.calibrate import Calibration
from adrs.distill.behaviour import Behaviour, Distance, observe
from adrs.distill.record import Ended
from adrs.distill.record import replay as replay_samples
from adrs.distill.sense import nonsense
from adrs.distill.tolerance import Mode, Tolerance, tolerance
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.evaluation import WorkloadSpec
from adrs.problem import Problem
from adrs.program import Evaluation, Job, Split
from adrs.source import Rejected, Screen

Stage = Literal["screen", "behaviour", "quarter", "full", "same"]
_REFERENCES = {False: 2, True: 3}
"""Evaluations of the original, by whether measured time enters the objective."""
_REPETITIONS = 3
"""Of a candidate that only a measured total speaks against."""
_PATIENCE = 10.0
"""A call may take that many times as long as a workload takes the original on average."""
_LEAST_SECONDS = 2.0


@dataclass(frozen=True)
class Verdict:
    """What is known of a candidate."""

    accepted: bool
    stage: Stage
    """The last test that was made; `same`: its digest is that of the program it would replace."""
    reason: str = ""
    evaluation: Evaluation | None = None
    """On all of the split, where it came so far."""
    distance: Distance | None = None
    evaluations: int = 0
    """That it took, the first time that the digest was judged."""
    digest: str = ""


@dataclass(frozen=True)
class Reference:
    """The original on one split."""

    split: Split
    whole: Evaluation
    quarter: Evaluation | None
    """On the workloads that candidates are tried on first; None where that would be all."""
    first: tuple[WorkloadSpec, ...]
    """Those."""
    behaviour: Behaviour | None
    why_not: str
    """Why there is no behaviour to compare, where one could be expected."""


class Oracle:
    """The judge of one program's smaller versions on one split."""

    def __init__(
        self, problem: Problem, executor: Executor, calibration: Calibration, allowed: Tolerance, reference: Reference
    ) -> None:
        self.reference = reference
        self.tolerance = allowed
        self.scale = calibration.scale(reference.split)
        self._problem = problem
        self._executor = executor
        self._screen = Screen(problem)
        self._known: dict[str, asyncio.Task[Verdict]] = {}
        specs = problem.workloads[reference.split]
        usual = _PATIENCE * reference.whole.wall_seconds / max(1, len(specs))
        self._decision_seconds = min(problem.limits.decision_seconds, max(_LEAST_SECONDS, usual))

    def digest(self, source: str) -> str:
        """Digest of a program; raises Rejected for what is none."""
        return self._screen.check(source, anywhere=True)

    async def judge(self, source: str, current: str = "") -> Verdict:
        """Judge one candidate. current: digest of the program it would replace, which it may share."""
        try:
            digest = self.digest(source)
        except Rejected as rejected:
            return Verdict(False, "screen", str(rejected))
        if digest == current:
            return Verdict(True, "same", digest=digest)
        against = nonsense(source)
        if against:
            return Verdict(False, "screen", against, digest=digest)
        task = self._known.get(digest)
        if task is None or task.cancelled():
            task = self._known[digest] = asyncio.create_task(self._tested(source))
        try:
            return replace(await task, digest=digest)
        except asyncio.CancelledError:
            self._known.pop(digest, None)
            task.cancel()
            raise

    async def _tested(self, source: str) -> Verdict:
        reference, distance, evaluations = self.reference, None, 0
        if reference.behaviour is not None and self.tolerance.mode == "preserve":
            try:
                answers = await replay_samples(self._executor, source, reference.behaviour.samples)
            except Ended as ended:
                return Verdict(False, "behaviour", str(ended))
            distance = reference.behaviour.distance(answers)
            if distance.broken:
                return Verdict(False, "behaviour", distance.broken, distance=distance)
        if reference.quarter is not None:
            evaluations += 1
            found = await self._evaluate(source, reference.first)
            reason = self.tolerance.broken(reference.quarter, found, self.scale)
            if reason and not self.tolerance.is_measured(reference.quarter, found, self.scale):
                return Verdict(False, "quarter", reason, distance=distance, evaluations=evaluations)
        found, more = await self._whole(source)
        reason = self.tolerance.broken(reference.whole, found, self.scale)
        return Verdict(not reason, "full", reason, found, distance, evaluations + more)

    async def _whole(self, source: str) -> tuple[Evaluation, int]:
        """The evaluation on all workloads; of a measured total that speaks against it, the median of several."""
        found = [await self._evaluate(source, ())]
        while len(found) < _REPETITIONS and self._is_unlucky(found[-1]):
            found.append(await self._evaluate(source, ()))
        found.sort(key=_fitness)
        return found[len(found) // 2], len(found)

    def _is_unlucky(self, found: Evaluation) -> bool:
        original = self.reference.whole
        broken = self.tolerance.broken(original, found, self.scale)
        return bool(broken) and self.tolerance.is_measured(original, found, self.scale)

    async def _evaluate(self, source: str, specs: tuple[WorkloadSpec, ...]) -> Evaluation:
        split: Split = "fresh" if specs else self.reference.split
        scale = None if self.scale is None else replace(self.scale, total=None) if specs else self.scale
        job = Job(source, split, scale=scale, decision_seconds=self._decision_seconds, thorough=True, workloads=specs)
        evaluation = await self._executor.evaluate(job)
        if evaluation.verdict == "infrastructure":
            raise UserError(f"a candidate could not be evaluated: {evaluation.reason}")
        return evaluation


async def prepared(
    problem: Problem,
    executor: Executor,
    calibration: Calibration,
    mode: Mode,
    source: str,
    split: Split,
    seed: int = 0,
) -> Oracle:
    """The oracle of a program on a split: evaluates the original, and records what it does.

    seed: of the draw of what candidates are asked.

    Raises UserError where the original does not end `ok`.
    """
    specs, scale = problem.workloads[split], calibration.scale(split)
    job = Job(source, split, scale=scale, thorough=True)
    wholes = [await executor.evaluate(job) for _ in range(_REFERENCES[problem.objective.noisy])]
    for found in wholes:
        if found.fitness is None:
            raise UserError(
                f"the program ends {found.verdict} on {split}, so it cannot be made smaller: {found.reason}"
            )
    behaviour, why_not = await observe(problem, executor, source, specs, seed)
    allowed = tolerance(problem, mode, wholes, behaves=behaviour is not None)
    first = _quarter(specs)
    quarter = None
    if len(first) < len(specs):
        part = None if scale is None else replace(scale, total=None)
        quarter = await executor.evaluate(Job(source, "fresh", scale=part, thorough=True, workloads=first))
    whole = replace(sorted(wholes, key=_fitness)[(len(wholes) - 1) // 2], wall_seconds=wholes[-1].wall_seconds)
    return Oracle(problem, executor, calibration, allowed, Reference(split, whole, quarter, first, behaviour, why_not))


def _quarter(specs: Sequence[WorkloadSpec]) -> tuple[WorkloadSpec, ...]:
    """Every fourth workload, the first among them."""
    return tuple(specs[::4])


def _fitness(evaluation: Evaluation) -> float:
    return -math.inf if evaluation.fitness is None else evaluation.fitness
