"""Chooses the winner: the best few on `train` are compared on `validation`; `test` is measured for the winner alone.

Where an evaluator can say that programs do not differ on `validation`, the smallest of those wins.

What the winner and those next to it reach on workloads that nothing has seen is measured last, and decides nothing.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from adrs import fresh, paired
from adrs.calibrate import ENDS_OF_SCALE, Calibration, as_finished, finished
from adrs.evaluate.executor import Executor
from adrs.evaluation import WorkloadSpec
from adrs.normal_form import tokens
from adrs.problem import Problem
from adrs.program import Evaluation, Job, Split
from adrs.store import Reader, Writer

CANDIDATES = 5
"""How many of the best on `train` are compared on `validation`, and how many of those known there stay with them."""
RECHECKED = 3
"""How many of those are measured on fresh workloads: the best on `validation`."""
REPETITIONS = 3
"""How often each is measured there when measured times enter the metric."""
SEED_PROGRAM = 1
CHOOSING = "choosing the winner"
RECHECKING = "measuring the best on fresh workloads"
_NO_TIME = "the time of the run was over"
_INTERRUPTED = "it was interrupted"


@dataclass
class Choice:
    """The winner, and what was measured of it, of those next to it and of the seed program on each split."""

    winner: int | None
    evaluations: dict[tuple[int, Split], Evaluation] = field(default_factory=dict)
    ranges: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Least and largest fitness on `validation` of programs that were measured several times there."""
    rechecked: tuple[int, ...] = ()
    """Programs to be measured on fresh workloads, the winner first."""
    alike: tuple[int, ...] = ()
    """Programs that `validation` cannot tell from the best there, which is the first; the winner is the smallest."""
    why_not: dict[Split, str] = field(default_factory=dict)
    """Why the winner was not measured on a split."""

    def of(self, number: int | None, split: Split) -> Evaluation | None:
        """One evaluation, None where it was not measured."""
        return None if number is None else self.evaluations.get((number, split))


class Chooser:
    """Finishes a run within a time. What the log knows already is not measured again, unless the evaluator failed."""

    def __init__(
        self, problem: Problem, reader: Reader, writer: Writer, executor: Executor, calibration: Calibration,
        note: Callable[[str], None],
    ) -> None:  # fmt: skip
        """`note` hears what is measured, and how far that is."""
        self._problem = problem
        self._reader = reader
        self._writer = writer
        self._executor = executor
        self._calibration = calibration
        self._note = note
        self._fresh: tuple[WorkloadSpec, ...] = ()

    async def choose(self, deadline: float | None) -> Choice:
        """Measure what is needed until `deadline` (of `time.monotonic`); later results are left out."""
        candidates = self._candidates()
        choice = Choice(candidates[0] if candidates else None)
        for number in {SEED_PROGRAM, *candidates}:
            train = self._reader.evaluation(number, "train")
            if train is not None:
                choice.evaluations[number, "train"] = train
        if self._problem.workloads["validation"] and candidates:
            await self._measure(choice, [*candidates, SEED_PROGRAM], "validation", deadline)
            choice.alike = self._alike(choice, self._best(choice, candidates), candidates)
            choice.winner = min(choice.alike, key=self._size)
        if self._problem.workloads["test"] and choice.winner is not None:
            await self._measure(choice, [choice.winner, SEED_PROGRAM], "test", deadline)
        if choice.winner is not None:
            self._writer.event("chosen", {"winner": choice.winner, "alike": list(choice.alike)})
            self._explain(choice, ("validation", "test"))
        return choice

    def _candidates(self) -> list[int]:
        """The best on `train`, then those that were the best on `validation` when the run was ended before."""
        measured = self._reader.best(self._reader.count(), "validation")  # by the luckiest measurement of each
        known = {number: median(self._known(number, "validation")) for number in measured if number != SEED_PROGRAM}
        earlier = sorted(known, key=lambda number: _fitness(known[number]), reverse=True)[:CANDIDATES]
        return list(dict.fromkeys([*self._reader.best(CANDIDATES), *earlier]))

    async def recheck(self, choice: Choice, deadline: float | None) -> None:
        """Measure the winner and those next to it on fresh workloads, with the baselines that make the scale."""
        if choice.winner is None:
            return
        reason = fresh.why_not(self._problem)
        if reason:
            choice.why_not["fresh"] = reason
            return
        choice.why_not["fresh"] = _INTERRUPTED
        choice.rechecked = self._next_to(choice)
        digests = [self._reader.program(number).digest for number in choice.rechecked]
        self._fresh = fresh.draw(self._problem, fresh.key(self._reader.info.seed, digests))
        await self._measure_baselines(deadline)
        await self._measure(choice, choice.rechecked, "fresh", deadline)
        del choice.why_not["fresh"]
        self._explain(choice, ("fresh",))

    def _explain(self, choice: Choice, splits: Iterable[Split]) -> None:
        """Say why the winner lacks an evaluation."""
        for split in splits:
            if choice.of(choice.winner, split) is None:
                declared = split == "fresh" or self._problem.workloads[split]
                choice.why_not[split] = _NO_TIME if declared else f"the problem has no {split} workloads"

    def _next_to(self, choice: Choice) -> tuple[int, ...]:
        """The winner, then the others by `validation`, where it was measured, else by `train`."""
        split: Split = "validation" if choice.of(choice.winner, "validation") else "train"

        def rank(number: int) -> tuple[bool, float, int]:
            evaluation = choice.of(number, split)
            fitness = None if evaluation is None else evaluation.fitness
            return number != choice.winner, math.inf if fitness is None else -fitness, number

        measured = {number for number, known in choice.evaluations if known == split and number != SEED_PROGRAM}
        return tuple(sorted({*measured, *([choice.winner] if choice.winner else [])}, key=rank)[:RECHECKED])

    def _best(self, choice: Choice, candidates: Sequence[int]) -> int:
        """The best on `validation`; a later candidate must beat an earlier one by the problem's margin, or in each of
        several measurements."""
        best, reached = candidates[0], -math.inf
        for number in candidates:
            evaluation = choice.of(number, "validation")
            if evaluation is None or evaluation.fitness is None:
                continue
            always = number in choice.ranges and choice.ranges[number][0] > choice.ranges.get(best, (0, math.inf))[1]
            if reached == -math.inf or always or evaluation.fitness > reached + self._problem.objective.margin:
                best, reached = number, evaluation.fitness
        return best

    def _alike(self, choice: Choice, best: int, candidates: Sequence[int]) -> tuple[int, ...]:
        """The best, and the candidates that cannot be told from it: as measured now, or as an earlier session found."""
        reached = choice.of(best, "validation")
        earlier = [payload.get("alike", []) for _, payload in self._reader.events("chosen")]
        others = []
        for number in candidates:
            found = choice.of(number, "validation")
            if number == best or reached is None or found is None or found.fitness is None:
                continue
            if paired.alike(reached, found) or any(known[:1] == [best] and number in known for known in earlier):
                others.append(number)
        return (best, *others)

    def _size(self, number: int) -> int:
        """Words of a program's normalised syntax tree."""
        return len(tokens(self._reader.program(number).source))

    async def _measure(self, choice: Choice, numbers: Sequence[int], split: Split, deadline: float | None) -> None:
        """Measure programs on a split; noisy ones several times, in turn, of which the median counts."""
        times = REPETITIONS if self._problem.objective.noisy and split == "validation" else 1
        found = {number: self._known(number, split) for number in numbers}
        total = sum(max(times - len(known), 0) for known in found.values())
        done = 0
        for _ in range(times):
            missing = [number for number, known in found.items() if len(known) < times]
            tasks = {asyncio.create_task(self._evaluate(number, split)): number for number in missing}
            what = f"{RECHECKING}:" if split == "fresh" else f"{CHOOSING}: {split},"
            async with contextlib.aclosing(as_finished(tasks, deadline)) as ended:
                async for task in ended:
                    found[tasks[task]].append(task.result())
                    done += 1
                    self._note(f"{what} {done} of {total} done")
        choice.evaluations |= {(number, split): median(known) for number, known in found.items() if known}
        if times > 1:
            fitness = {number: [_fitness(each) for each in known] for number, known in found.items()}
            choice.ranges = {number: (min(each), max(each)) for number, each in fitness.items() if len(each) > 1}

    def _known(self, number: int, split: Split) -> list[Evaluation]:
        """What the log knows of a program on a split, apart from where the evaluator failed."""
        known = [each for each in self._reader.evaluations_of(number, split) if each.of_the_program]
        return [each for each in known if self._is_of_these(each)] if split == "fresh" else known

    async def _evaluate(self, number: int, split: Split) -> Evaluation:
        program = self._reader.program(number)
        workloads = self._fresh if split == "fresh" else ()
        scale = self._calibration.scale(split)
        evaluation = await self._executor.evaluate(
            Job(program.source, split, None, scale, workloads=workloads, replicates=split == "validation")
        )
        self._writer.evaluated(None, number, evaluation)
        return evaluation

    async def _measure_baselines(self, deadline: float | None) -> None:
        """Those that make the scale of the fresh workloads."""
        tasks = {}
        for role in ENDS_OF_SCALE:
            baseline = self._problem.baseline(role)
            known = self._calibration.evaluations.get((baseline.name, "fresh")) if baseline else None
            if baseline is not None and (known is None or not self._is_of_these(known)):
                self._calibration.evaluations.pop((baseline.name, "fresh"), None)
                self._calibration.half_widths.pop("fresh", None)
                job = Job(baseline.read(), "fresh", thorough=True, workloads=self._fresh, native=baseline.native,
                          replicates=True)  # fmt: skip
                tasks[asyncio.create_task(self._executor.evaluate(job))] = baseline.name
        ok = [(tasks[task], task.result()) for task in await finished(tasks, deadline) if task.result().verdict == "ok"]
        for name, evaluation in ok:
            self._calibration.add(name, "fresh", evaluation)
        for name, _ in ok:
            self._writer.event("baseline", self._calibration.plain(name, "fresh"))

    def _is_of_these(self, evaluation: Evaluation) -> bool:
        """Whether an evaluation on fresh workloads is one on those that were drawn now."""
        names = {result.name for result in evaluation.workloads}
        return bool(names) and names <= {spec.name for spec in self._fresh}


def median(measured: Sequence[Evaluation]) -> Evaluation:
    """Of several measurements of a program, at least one, the median low one; those without a fitness are the worst."""
    return sorted(measured, key=_fitness)[(len(measured) - 1) // 2]


def _fitness(evaluation: Evaluation) -> float:
    return -math.inf if evaluation.fitness is None else evaluation.fitness
