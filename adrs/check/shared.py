"""The checks of a problem whose evaluator imports the program."""

import math
from dataclasses import replace

from adrs.calibrate import Calibration
from adrs.check.checks import DIFFER, SEED, Checks
from adrs.evaluate.shared import mean_note
from adrs.program import Evaluation, Job
from adrs.score import SplitScale

_OTHER = "other random numbers"
"""A name that gives a workload another seed of its random numbers."""
_LONGEST_QUOTED = 200
"""Characters of what was printed."""


class SharedChecks(Checks):
    """Checks of a problem whose evaluator imports the program: what can be said of one that anybody could have written.

    It may turn a failure into a low score, so a bad program must fail or score less than the seed.
    """

    def _baselines(self, calibration: Calibration) -> None:
        self._first = calibration.evaluations[self._problem.baselines[0].name, "train"]
        self._add(
            "trust", True, "shared: the evaluator runs programs in its own process, so one could make up its score"
        )

    async def _seed(self, scale: SplitScale | None, whole: bool) -> None:
        source = self._screened_seed()
        if source is None:
            return
        objective = self._problem.objective
        second = await self._executor.evaluate(Job(source, "train", None, scale, thorough=True), SEED)
        values = [evaluation.metrics.get(objective.metric) for evaluation in (self._first, second)]
        first, again = values
        if first is None or again is None:
            self._add("seed", False, f"{second.verdict}: {second.reason}", second)
            return
        mean = mean_note(self._first)
        self._add("seed", True, f"{objective.metric} {first:.6g}{f': {mean}' if mean else ''}")
        same = math.isclose(first, again, rel_tol=0.0, abs_tol=objective.margin)
        detail = "two evaluations agree" if same else f"two evaluations differ: {first} and {again}"
        if not same and objective.noisy:
            detail += ", so smaller differences between programs mean nothing"
        self._add("repeatable", same or objective.noisy, detail)
        if whole and same:
            await self._other_random_numbers(source, first)

    async def _other_random_numbers(self, source: str, first: float) -> None:
        """All programs are scored on the same random numbers, so that luck with these looks like gain."""
        objective = self._problem.objective
        other = tuple(replace(spec, name=_OTHER) for spec in self._problem.workloads["train"])
        job = Job(source, "train", thorough=True, workloads=other)
        evaluation = await self._executor.evaluate(job, f"{SEED} with {_OTHER}")
        value = evaluation.metrics.get(objective.metric)
        if value is None:
            detail = f"with others the seed ends {evaluation.verdict}: {evaluation.reason}"
        elif math.isclose(first, value, rel_tol=0.0, abs_tol=objective.margin):
            detail = "with others the seed scores the same"
        else:
            detail = (
                f"the evaluator draws at random, and every program is scored on the same draws; with others the seed "
                f"scores {value:.6g}: gains of that size may be luck, so average over many draws"
            )
        self._add("random numbers", value is not None, detail, evaluation)

    async def _generic(self) -> None:
        python = self._problem.language == "python"
        name = "an exception is reported" if python else "nonsense is reported"
        job = Job("raise KeyError('on purpose')\n" if python else "?\n", "train")
        failing = await self._executor.evaluate(job, f'the program for "{name}"')
        self._add(name, self._is_worse(failing) or self._equals_seed(failing), self._shown(failing), failing)
        same = self._equals_seed(failing)
        constant = f"a program that does nothing scores what the seed scores, {self._shown(failing)}"
        constant += _last_words(self._first.output)
        self._add(DIFFER, not same, constant if same else "a program that does nothing scores less than the seed")
        if python:
            job = Job("while True: pass\n", "train", decision_seconds=self._loop_seconds)
            looping = await self._executor.evaluate(job, 'the program for "an endless loop is stopped"')
            stopped = looping.verdict == "timeout" or self._is_worse(looping)
            self._add("an endless loop is stopped", stopped, self._shown(looping), looping)

    def _is_worse(self, evaluation: Evaluation) -> bool:
        if evaluation.fitness is None or self._first.fitness is None:
            return evaluation.verdict not in ("suspect", "infrastructure")
        return evaluation.fitness < self._first.fitness

    def _equals_seed(self, evaluation: Evaluation) -> bool:
        return evaluation.fitness is not None and evaluation.fitness == self._first.fitness

    def _shown(self, evaluation: Evaluation) -> str:
        if evaluation.fitness is not None:
            return f"{self._problem.objective.metric} {evaluation.metrics[self._problem.objective.metric]:.6g}"
        return super()._shown(evaluation)


def _last_words(output: str) -> str:
    """What was printed last: an evaluator that catches its own failures often prints them."""
    lines = output.split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"; the output of the seed's evaluation ends with: {last[:_LONGEST_QUOTED]}" if last else ""
