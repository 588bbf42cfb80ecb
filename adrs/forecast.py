"""How long it will take to choose and report the winner, so that a time budget can hold."""

import math
from dataclasses import dataclass, field

from adrs import fresh
from adrs.calibrate import Calibration
from adrs.choose import CANDIDATES, RECHECKED, REPETITIONS
from adrs.evaluate.executor import Executor
from adrs.problem import Problem
from adrs.program import Evaluation, Job, Program, Split

_MARGIN = 1.4


@dataclass
class Forecast:
    """Scales the best program's evaluation time on `train` to the other splits.

    The ratios are first those of a baseline; a rehearsal replaces that of `test`, whose workloads may have another
    shape, by one of the best program half-way. Nothing but its duration is kept of a rehearsal.
    """

    problem: Problem
    calibration: Calibration
    executor: Executor
    workers: int
    rehearsed: float | None = field(default=None, init=False)
    """Wall time on `test` over wall time on `train`."""

    async def rehearse(self, program: Program) -> None:
        """Evaluate a program on `test` for its duration alone."""
        if program.evaluation is None or not self.problem.workloads["test"]:
            return
        evaluation = await self.executor.evaluate(Job(program.source, "test"))
        self.rehearsed = evaluation.wall_seconds / max(program.evaluation.wall_seconds, 1e-3)

    def seconds_needed(self, best: Program | None) -> float:
        """Seconds that choosing will take, if the winner is like `best`."""
        if best is None or best.evaluation is None:
            return 1.0
        repetitions = REPETITIONS if self.problem.objective.noisy else 1
        validations = repetitions * math.ceil((CANDIDATES + 1) / self.workers)
        test = self.rehearsed if self.rehearsed is not None else self._ratio("test")
        rounds = validations * self._ratio("validation") + test
        return 1.0 + _MARGIN * rounds * best.evaluation.wall_seconds

    def seconds_to_recheck(self, best: Program | None) -> float:
        """Seconds that measuring the best few on fresh workloads, which are like `train`, will take."""
        if best is None or best.evaluation is None or fresh.why_not(self.problem):
            return 0.0
        baselines = sum(found.wall_seconds for found in self.calibration.ends_of_scale("train")) / self.workers
        return _MARGIN * (baselines + math.ceil(RECHECKED / self.workers) * best.evaluation.wall_seconds)

    def _ratio(self, split: Split) -> float:
        """A baseline's wall time on a split over that on `train`."""
        train, other = self._baseline("train"), self._baseline(split)
        if train is None or other is None:
            return float(bool(self.problem.workloads[split]))
        return max(other.wall_seconds, 1e-3) / max(train.wall_seconds, 1e-3)

    def _baseline(self, split: Split) -> Evaluation | None:
        baseline = self.problem.baseline("state-of-the-art") or self.problem.baseline("trivial")
        return self.calibration.evaluations.get((baseline.name, split)) if baseline else None
