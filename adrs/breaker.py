"""Stops a run that is going nowhere: the same failure, or nothing new, too many times in a row."""

from dataclasses import dataclass

from adrs.program import Program


@dataclass
class Breaker:
    """Fed with every program that is told; answers with a sentence once it has seen enough."""

    same_failure: int = 100
    """Programs in a row that fail for the same reason."""
    nothing_new: int = 1000
    """Programs in a row that are rejected or duplicates."""

    def __post_init__(self) -> None:
        self._reason = ""
        self._failures = 0
        self._not_new = 0

    def tell(self, program: Program) -> str | None:
        """Count one program; returns why the run must stop, or None."""
        reason = self._failure(program)
        self._failures = self._failures + 1 if reason and reason == self._reason else int(bool(reason))
        self._reason = reason
        self._not_new = self._not_new + 1 if program.verdict == "rejected" else 0
        if self._failures >= self.same_failure:
            return f"{self._failures} programs in a row ended in the same way: {reason}"
        if self._not_new >= self.nothing_new:
            return f"{self._not_new} programs in a row were rejected or known already"
        return None

    @staticmethod
    def _failure(program: Program) -> str:
        if program.verdict in ("ok", "rejected") or program.evaluation is None:
            return ""
        return f"{program.verdict}: {program.evaluation.reason}"
