"""Chooses the winner: the best few on `train` are compared on `validation`; `test` is measured once, for the winner."""

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from adrs.calibrate import Calibration
from adrs.evaluate.executor import Executor
from adrs.problem import Problem
from adrs.program import Evaluation, Job, Split
from adrs.store import Reader, Writer

CANDIDATES = 5
"""How many of the best on `train` are compared on `validation`."""
REPETITIONS = 3
"""How often each is measured there when measured times enter the metric."""
SEED_PROGRAM = 1


@dataclass
class Choice:
    """The winner, and what was measured of it and of the seed program on each split."""

    winner: int | None
    evaluations: dict[tuple[int, Split], Evaluation] = field(default_factory=dict)

    def of(self, number: int | None, split: Split) -> Evaluation | None:
        """One evaluation, None where it was not measured."""
        return None if number is None else self.evaluations.get((number, split))


class Chooser:
    """Finishes a run within a time. What the log knows already is not measured again."""

    def __init__(
        self, problem: Problem, reader: Reader, writer: Writer, executor: Executor, calibration: Calibration
    ) -> None:
        self._problem = problem
        self._reader = reader
        self._writer = writer
        self._executor = executor
        self._calibration = calibration

    async def choose(self, deadline: float | None) -> Choice:
        """Measure what is needed until `deadline` (of `time.monotonic`); later results are left out."""
        candidates = self._reader.best(CANDIDATES)
        choice = Choice(candidates[0] if candidates else None)
        for number in {SEED_PROGRAM, *candidates}:
            train = self._reader.evaluation(number, "train")
            if train is not None:
                choice.evaluations[number, "train"] = train
        if self._problem.workloads["validation"] and candidates:
            await self._measure(choice, [*candidates, SEED_PROGRAM], "validation", deadline)
            choice.winner = self._best(choice, candidates)
        if self._problem.workloads["test"] and choice.winner is not None:
            await self._measure(choice, [choice.winner, SEED_PROGRAM], "test", deadline)
        if choice.winner is not None:
            self._writer.event("chosen", {"winner": choice.winner})
        return choice

    def _best(self, choice: Choice, candidates: Sequence[int]) -> int:
        """The best on `validation`; a later candidate must beat an earlier one by the problem's margin."""
        best, reached = candidates[0], -math.inf
        for number in candidates:
            evaluation = choice.of(number, "validation")
            if evaluation is None or evaluation.fitness is None:
                continue
            if evaluation.fitness > reached + (self._problem.objective.margin if reached > -math.inf else 0.0):
                best, reached = number, evaluation.fitness
        return best

    async def _measure(self, choice: Choice, numbers: Sequence[int], split: Split, deadline: float | None) -> None:
        """Measure programs on a split; noisy ones several times, in turn, of which the median counts."""
        numbers = list(dict.fromkeys(numbers))
        unknown = []
        for number in numbers:
            known = self._reader.evaluation(number, split)
            if known is not None:
                choice.evaluations[number, split] = known
            else:
                unknown.append(number)
        repeated = self._problem.objective.noisy and split == "validation"
        found: dict[int, list[Evaluation]] = {number: [] for number in unknown}
        for _ in range(REPETITIONS if repeated else 1):
            await self._measure_once(found, split, deadline)
        for number, evaluations in found.items():
            if evaluations:
                ordered = sorted(evaluations, key=lambda each: -math.inf if each.fitness is None else each.fitness)
                choice.evaluations[number, split] = ordered[(len(ordered) - 1) // 2]

    async def _measure_once(self, found: dict[int, list[Evaluation]], split: Split, deadline: float | None) -> None:
        tasks = {asyncio.create_task(self._evaluate(number, split)): number for number in found}
        if not tasks:
            return
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            done, _ = await asyncio.wait(tasks, timeout=timeout)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            found[tasks[task]].append(task.result())

    async def _evaluate(self, number: int, split: Split) -> Evaluation:
        program = self._reader.program(number)
        evaluation = await self._executor.evaluate(Job(program.source, split, None, self._calibration.scale(split)))
        self._writer.evaluated(None, number, evaluation)
        return evaluation
