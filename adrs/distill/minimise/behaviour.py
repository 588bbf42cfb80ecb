"""Whether two policies do the same: their answers to what the original saw, without any simulation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adrs.distill.record import Ended, Samples, record, replay
from adrs.evaluate.executor import Executor
from adrs.evaluation import WorkloadSpec
from adrs.problem import Problem
from adrs.program import Job, Recording

ROWS = 2000
"""Observations that candidates are asked."""
MEAN, NINETY_NINTH = 0.01, 0.05
"""How far actions may lie from the original's: on average, and at the 99th percentile."""
_RECORDED_PERCENTILE, _PERCENTILE = 95, 99


@dataclass(frozen=True)
class Distance:
    """How far actions lie from the original's, in units of the 95th percentile of its own |action|."""

    mean: float
    ninety_ninth: float
    """99th percentile."""

    @property
    def broken(self) -> str:
        """Why this is another behaviour; empty if it is not."""
        if self.mean <= MEAN and self.ninety_ninth <= NINETY_NINTH:
            return ""
        mean, most = 100 * self.mean, 100 * self.ninety_ninth
        return f"actions differ by {mean:.3g} % on average, {most:.3g} % at the 99th percentile"


@dataclass(frozen=True)
class Behaviour:
    """What the original answers."""

    samples: Samples

    def distance(self, answers: NDArray[np.float64]) -> Distance:
        """How far other answers to the same observations, float64[rows], lie away."""
        size = float(np.percentile(np.abs(self.samples.answers), _RECORDED_PERCENTILE))
        change = np.abs(answers - self.samples.answers) / (size or 1.0)
        return Distance(float(change.mean()), float(np.percentile(change, _PERCENTILE)))


async def observe(
    problem: Problem, executor: Executor, source: str, specs: tuple[WorkloadSpec, ...], seed: int = 0
) -> tuple[Behaviour | None, str]:
    """What a program sees and answers on workloads; or None, and why answers cannot be compared.

    They can where a function answers a number, and where the program answers the same when it is asked again. seed: of
    the draw of flows. Raises Ended where the program fails.
    """
    function = _compared(problem)
    if not function:
        return None, "" if problem.shape == "solve" else "no function answers a number to numbers alone"
    recording = Recording(function)
    samples = (await record(executor, source, specs, recording)).at_most(ROWS, seed)
    try:
        again = await replay(executor, source, samples)
    except Ended as ended:
        return None, f"asked again what it saw, {ended}"
    if not np.array_equal(again, samples.answers):
        return None, "it is not a function of what it is shown: asked again what it saw, it answers otherwise"
    return Behaviour(samples), ""


def _compared(problem: Problem) -> str:
    """The function whose answers are compared: the one that is declared, else the only one that decides again and
    again and answers a number to numbers, where nothing is learnt before. Empty where there is none.
    """
    if problem.distillation is not None:
        return problem.distillation.function
    if problem.shape == "solve" or any(kind.keeps == "model" for kind in problem.functions.values()):
        return ""
    asked = [kind for kind in problem.functions.values() if kind.crossing and not kind.keeps]
    return asked[0].name if len(asked) == 1 and asked[0].is_numeric else ""


async def identical_answers(executor: Executor, sources: tuple[str, str], specs: tuple[WorkloadSpec, ...]) -> float:
    """The share of answers of two programs to the same calls that are the same to the last digit. Raises Ended."""
    answers: list[list[str]] = []
    for source in sources:
        evaluation = await executor.evaluate(Job(source, "fresh", thorough=True, workloads=specs, digests=True))
        if evaluation.verdict != "ok":
            raise Ended(evaluation)
        answers.append(evaluation.recorded["answers"])
    same = sum(one == other for one, other in zip(*answers, strict=False))
    return float(same / max(1, *map(len, answers)))
