"""Stops a run that goes nowhere: one failure, one score, nothing new, or a failing evaluator, too often in a row."""

import re
from collections import Counter
from dataclasses import dataclass

from adrs.program import Program

NOTHING_NEW = "programs in a row were rejected or known already"
EVALUATOR_FAILS = "evaluations in a row failed by no fault of the program"
_NUMBER = re.compile(r"\d+")


@dataclass
class Breaker:
    """Fed with every program that is told; answers with a sentence once it has seen enough."""

    same_failure: int = 100
    """Programs in a row that fail for the same reason."""
    same_score: int = 300
    """Different programs in a row that score the same to the last digit."""
    nothing_new: int = 1000
    """Programs in a row that are rejected or duplicates."""
    nothing_new_by_models: int = 50
    """The same where language models were asked for so many of them: what they answer costs time and money."""
    evaluator_fails: int = 20
    """Evaluations that end `infrastructure` without one in between that ends `ok`."""

    def __post_init__(self) -> None:
        self._reason = ""
        self._failures = 0
        self._fitness: float | None = None
        self._equals = 0
        self._rejections: Counter[str] = Counter()
        """Reasons of the rejections in a row, without their numbers."""
        self._latest: dict[str, str] = {}
        """The latest reason that is the same but for its numbers."""
        self._by_models = 0
        """Of the rejections in a row."""
        self._evaluator_failures = 0

    def tell(self, program: Program, anew: bool = True) -> str | None:
        """Count one program; returns why the run must stop, or None.

        anew: whether it was evaluated in this session; an evaluator that failed in an earlier one may be mended.
        """
        if program.verdict == "infrastructure":
            return self._count_evaluator_failure(program) if anew else None
        if program.verdict == "ok":  # others may have ended before the evaluator came to what it fails at
            self._evaluator_failures = 0
        if program.verdict != "rejected":  # those, duplicates among them, say nothing of what evaluations come to
            reason = self._failure(program)
            self._failures = self._failures + 1 if reason and reason == self._reason else int(bool(reason))
            self._reason = reason
            self._equals = self._equals + 1 if program.fitness == self._fitness is not None else 1
            self._fitness = program.fitness
        self._count_rejection(program)
        if self._failures >= self.same_failure:
            return f"{self._failures} programs in a row ended in the same way: {self._reason}"
        if self._equals >= self.same_score and self._fitness is not None:
            return (
                f"{self._equals} different programs in a row score the same to the last digit: nothing is left to "
                "gain, or the evaluator sees no difference"
            )
        if self._rejections.total() >= self.nothing_new or self._by_models >= self.nothing_new_by_models:
            kind, count = self._rejections.most_common(1)[0]
            return f"{self._rejections.total()} {NOTHING_NEW}, {count} of them: {self._latest[kind]}"
        return None

    def _count_evaluator_failure(self, program: Program) -> str | None:
        self._evaluator_failures += 1
        if self._evaluator_failures < self.evaluator_fails:
            return None
        reason = program.evaluation.reason if program.evaluation is not None else ""
        return f"{self._evaluator_failures} {EVALUATOR_FAILS}; the last: {reason}"

    def _count_rejection(self, program: Program) -> None:
        if program.verdict != "rejected":
            self._rejections.clear()
            self._latest.clear()
            self._by_models = 0
            return
        reason = program.evaluation.reason if program.evaluation is not None else ""
        if program.duplicate_of is not None:
            reason = "the same as an earlier program"
        kind = _NUMBER.sub("#", reason)
        self._rejections[kind] += 1
        self._latest[kind] = reason
        self._by_models += bool(program.model)

    @staticmethod
    def _failure(program: Program) -> str:
        if program.verdict == "ok" or program.evaluation is None:
            return ""
        return f"{program.verdict}: {program.evaluation.reason}"
