"""Judges candidates of the minimiser: ordinary programs, in the sandbox, by the problem's own evaluator.

Cheap tests come first: the interface, the actions on recorded observations, a few of the workloads. What passes them
is confirmed on all workloads, several edits at once; a workload that then speaks against it joins the few.
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
from adrs.distill.minimise.tolerance import Mode, Tolerance, measured, tolerance
from adrs.distill.record import Ended
from adrs.distill.record import replay as replay_samples
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.evaluation import WorkloadSpec
from adrs.problem import Problem
from adrs.program import Evaluation, Job, Split
from adrs.source import Rejected, Screen

Stage = Literal["screen", "behaviour", "part", "full", "same"]
_REFERENCES = 3
"""Evaluations of the original where measured time enters its metrics."""
_REPETITIONS = 3
"""Of a candidate that only a measured total speaks against."""
_PATIENCE = 10.0
"""A call may take that many times as long as a workload takes the last confirmed program on average."""
_LEAST_SECONDS = 1.0


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
    behaviour: Behaviour | None
    why_not: str
    """Why there is no behaviour to compare, where one could be expected."""


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


class Oracle:
    """The judge of one program's smaller versions on one split."""

    def __init__(self, ground: Ground, allowed: Tolerance, reference: Reference) -> None:
        self.reference = reference
        self.tolerance = allowed
        self.scale = ground.calibration.scale(reference.split)
        self._ground = ground
        self._screen = Screen(ground.problem)
        self._known: dict[str, asyncio.Task[Verdict]] = {}
        self._confirmed: dict[str, Verdict] = {}
        self._specs = ground.problem.workloads[reference.split]
        self._first = [quarter(self._specs)]
        self._parts: dict[frozenset[str], asyncio.Task[Evaluation]] = {}
        self._be_patient_with(reference.whole)

    def digest(self, source: str) -> str:
        """Digest of a program; raises Rejected for what is none."""
        return self._screen.check(source, anywhere=True)

    async def judge(self, source: str, current: str = "") -> Verdict:
        """Judge a candidate by the cheap tests. current: digest of the program it would replace, which it may share."""
        try:
            digest = self.digest(source)
        except Rejected as rejected:
            return Verdict(False, "screen", str(rejected))
        if digest == current:
            return Verdict(True, "same", digest=digest)
        against = nonsense(source)
        if against:
            return Verdict(False, "screen", against, digest=digest)
        if digest in self._confirmed:
            return self._confirmed[digest]
        task = self._known.get(digest)
        if task is None or task.cancelled():
            task = self._known[digest] = asyncio.create_task(self._glanced(source))
        try:
            return replace(await task, digest=digest)
        except asyncio.CancelledError:
            self._known.pop(digest, None)
            task.cancel()
            raise

    async def confirm(self, source: str, current: str = "") -> Verdict:
        """The same by all tests."""
        verdict = await self.judge(source, current)
        if not verdict.accepted or verdict.stage in ("same", "full"):
            return verdict
        full = replace(await self._on_all(source, verdict.distance), digest=verdict.digest)
        assert full.evaluation is not None
        if full.accepted:
            self._be_patient_with(full.evaluation)
        elif not self.tolerance.is_measured(self.reference.whole, full.evaluation, self.scale):
            self._learn(full.evaluation)
        self._confirmed[verdict.digest] = full
        return full

    async def _glanced(self, source: str) -> Verdict:
        reference, distance = self.reference, None
        if reference.behaviour is not None and self.tolerance.mode == "preserve":
            try:
                answers = await replay_samples(self._ground.executor, source, reference.behaviour.samples)
            except Ended as ended:
                return Verdict(False, "behaviour", str(ended))
            distance = reference.behaviour.distance(answers)
            if distance.broken:
                return Verdict(False, "behaviour", distance.broken, distance=distance)
        if sum(map(len, self._first)) < len(self._specs):
            for number, specs in enumerate(self._first, 1):
                part, found = await self._original_on(specs), await self._evaluate(source, specs)
                reason = self.tolerance.broken(part, found, self.scale)
                if reason and not self.tolerance.is_measured(part, found, self.scale):
                    return Verdict(False, "part", reason, distance=distance, evaluations=number)
            return Verdict(True, "part", distance=distance, evaluations=len(self._first))
        return await self._on_all(source, distance)

    async def _on_all(self, source: str, distance: Distance | None) -> Verdict:
        found, count = await self._whole(source)
        reason = self.tolerance.broken(self.reference.whole, found, self.scale)
        return Verdict(not reason, "full", reason, found, distance, count)

    async def _original_on(self, specs: tuple[WorkloadSpec, ...]) -> Evaluation:
        """The original on some workloads."""
        whole, names = self.reference.whole, frozenset(spec.name for spec in specs)
        if self.tolerance.of_workloads:
            return replace(whole, workloads=tuple(each for each in whole.workloads if each.name in names))
        if names not in self._parts:
            self._parts[names] = asyncio.create_task(_on(self._ground, specs))
        return await self._parts[names]

    def _learn(self, found: Evaluation) -> None:
        """Let candidates be tried first on the workload, too, that would have refused what was refused so late; on all
        where it is their total.
        """
        name = self.tolerance.first_changed(self.reference.whole, found, self.scale)
        if name is None:
            self._first = [self._specs]
        elif all(name != spec.name for specs in self._first for spec in specs):
            self._first.append(tuple(spec for spec in self._specs if spec.name == name))

    def _be_patient_with(self, evaluation: Evaluation) -> None:
        usual = _PATIENCE * evaluation.wall_seconds / max(1, len(self._specs))
        self._decision_seconds = min(self._ground.problem.limits.decision_seconds, max(_LEAST_SECONDS, usual))

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
        evaluation = await self._ground.executor.evaluate(job)
        if evaluation.verdict == "infrastructure":
            raise UserError(f"a candidate could not be evaluated: {evaluation.reason}")
        return evaluation


async def prepared(ground: Ground, mode: Mode, known: Evaluation | None = None) -> Oracle:
    """The oracle on `train`: evaluates the original more than once, and records what it does.

    known: an earlier evaluation, which counts as one. Raises UserError where the original does not end `ok`.
    """
    problem, specs = ground.problem, ground.problem.workloads["train"]
    wholes = [known if known is not None and known.fitness is not None else await _original(ground, "train")]
    noisy, found = problem.objective.noisy, frozenset[str]()
    if not noisy:  # a part tells whether metrics repeat
        part = await _on(ground, quarter(specs))
        found = measured([wholes[0], part])
        noisy = problem.objective.workload_metric in found
        wholes[0] = replace(wholes[0], wall_seconds=part.wall_seconds * len(specs) / max(1, len(part.workloads)))
    if noisy:  # one after the other: one beside the other would disturb the times
        wholes += [await _original(ground, "train") for _ in range(_REFERENCES - 1)]
    behaviour, why_not = await observe(problem, ground.executor, ground.source, specs, ground.seed)
    allowed = tolerance(problem, mode, wholes, behaviour is not None, found)
    usual = sorted(wholes, key=_fitness)[(len(wholes) - 1) // 2]
    whole = replace(usual, wall_seconds=wholes[-1].wall_seconds)
    return Oracle(ground, allowed, Reference("train", whole, behaviour, why_not))


async def validating(ground: Ground, allowed: Tolerance, known: Evaluation | None = None) -> Oracle:
    """The oracle on `validation`, with the tolerance that was found on `train`. known: an earlier evaluation."""
    specs = ground.problem.workloads["validation"]
    whole = known if known is not None and known.fitness is not None else await _original(ground, "validation")
    behaviour, why_not = await observe(ground.problem, ground.executor, ground.source, specs, ground.seed)
    strict = replace(allowed, strict=allowed.mode == "improve")
    return Oracle(ground, strict, Reference("validation", whole, behaviour, why_not))


async def _original(ground: Ground, split: Split) -> Evaluation:
    job = Job(ground.source, split, scale=ground.calibration.scale(split), thorough=True)
    found = await ground.executor.evaluate(job)
    if found.fitness is None:
        raise UserError(f"the program ends {found.verdict} on {split}, so it cannot be made smaller: {found.reason}")
    return found


async def _on(ground: Ground, specs: tuple[WorkloadSpec, ...]) -> Evaluation:
    """The original on some workloads."""
    return await ground.executor.evaluate(Job(ground.source, "fresh", thorough=True, workloads=specs))


def quarter(specs: Sequence[WorkloadSpec]) -> tuple[WorkloadSpec, ...]:
    """A quarter of the workloads, evenly spread, the first among them."""
    count = max(1, len(specs) // 4)
    return tuple(specs[len(specs) * place // count] for place in range(count))


def _fitness(evaluation: Evaluation) -> float:
    return -math.inf if evaluation.fitness is None else evaluation.fitness
