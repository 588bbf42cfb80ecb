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
from adrs.distill.minimise.behaviour import Behaviour, Distance, observe
from adrs.distill.minimise.sense import nonsense
from adrs.distill.minimise.tolerance import Mode, Tolerance, tolerance
from adrs.distill.record import Ended
from adrs.distill.record import replay as replay_samples
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


@dataclass(frozen=True)
class Ground:
    """What an oracle is made on."""

    problem: Problem
    executor: Executor
    calibration: Calibration
    source: str
    """The original."""
    seed: int = 0
    """Of the draw of what candidates are asked."""


async def prepared(ground: Ground, mode: Mode, known: Evaluation | None = None) -> Oracle:
    """The oracle on `train`: evaluates the original more than once, and records what it does.

    known: an earlier evaluation, which counts as one. Raises UserError where the original does not end `ok`.
    """
    problem = ground.problem
    wholes = [known] if known is not None and known.fitness is not None else []
    missing = _REFERENCES[problem.objective.noisy] - len(wholes)
    if problem.objective.noisy:  # one beside the other would disturb the times
        wholes += [await _original(ground, "train") for _ in range(missing)]
    else:
        wholes += await asyncio.gather(*(_original(ground, "train") for _ in range(missing)))
    behaviour, why_not = await observe(problem, ground.executor, ground.source, problem.workloads["train"], ground.seed)
    allowed = tolerance(problem, mode, wholes, behaves=behaviour is not None)
    usual = sorted(wholes, key=_fitness)[(len(wholes) - 1) // 2]
    whole = replace(usual, wall_seconds=wholes[-1].wall_seconds)
    return await _oracle(ground, allowed, "train", whole, behaviour, why_not)


async def validating(ground: Ground, allowed: Tolerance, known: Evaluation | None = None) -> Oracle:
    """The oracle on `validation`, with the tolerance that was found on `train`. known: an earlier evaluation."""
    specs = ground.problem.workloads["validation"]
    whole = known if known is not None and known.fitness is not None else await _original(ground, "validation")
    behaviour, why_not = await observe(ground.problem, ground.executor, ground.source, specs, ground.seed)
    strict = replace(allowed, strict=allowed.mode == "improve")
    return await _oracle(ground, strict, "validation", whole, behaviour, why_not)


async def _original(ground: Ground, split: Split) -> Evaluation:
    job = Job(ground.source, split, scale=ground.calibration.scale(split), thorough=True)
    found = await ground.executor.evaluate(job)
    if found.fitness is None:
        raise UserError(f"the program ends {found.verdict} on {split}, so it cannot be made smaller: {found.reason}")
    return found


async def _oracle(
    ground: Ground, allowed: Tolerance, split: Split, whole: Evaluation, behaviour: Behaviour | None, why_not: str
) -> Oracle:
    specs = ground.problem.workloads[split]
    first = _quarter(specs)
    quarter = None
    if len(first) < len(specs):
        names = {spec.name for spec in first}
        quarter = replace(whole, workloads=tuple(result for result in whole.workloads if result.name in names))
        if allowed.mode == "improve" or allowed.noisy:  # the total of a part is the evaluator's to say
            quarter = await ground.executor.evaluate(Job(ground.source, "fresh", thorough=True, workloads=first))
    reference = Reference(split, whole, quarter, first, behaviour, why_not)
    return Oracle(ground.problem, ground.executor, ground.calibration, allowed, reference)


def _quarter(specs: Sequence[WorkloadSpec]) -> tuple[WorkloadSpec, ...]:
    """A quarter of the workloads, evenly spread, the first among them."""
    count = max(1, len(specs) // 4)
    return tuple(specs[len(specs) * place // count] for place in range(count))


def _fitness(evaluation: Evaluation) -> float:
    return -math.inf if evaluation.fitness is None else evaluation.fitness
