"""Two programs side by side: by source and by workload."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from adrs.program import Program, WorkloadResult


@dataclass(frozen=True, slots=True)
class Compared:
    """One workload of two programs."""

    name: str
    before: WorkloadResult | None
    after: WorkloadResult | None

    @property
    def gain(self) -> float | None:
        """Difference of the scores; None where one of them has none."""
        if self.before is None or self.after is None or self.before.score is None or self.after.score is None:
            return None
        return self.after.score - self.before.score


def diff(before: Program, after: Program) -> list[str]:
    """Unified diff of two programs' sources, without line ends; empty where they are equal."""
    names = (f"program {before.id}", f"program {after.id}")
    return list(difflib.unified_diff(before.source.splitlines(), after.source.splitlines(), *names, lineterm=""))


def sizes(lines: Sequence[str]) -> tuple[int, int]:
    """How many lines a unified diff adds and removes."""
    body = lines[2:]
    return sum(line.startswith("+") for line in body), sum(line.startswith("-") for line in body)


def by_workload(before: Program, after: Program) -> list[Compared]:
    """Results of two programs side by side, in the order of the workloads."""
    left = {result.name: result for result in before.evaluation.workloads} if before.evaluation else {}
    right = {result.name: result for result in after.evaluation.workloads} if after.evaluation else {}
    return [Compared(name, left.get(name), right.get(name)) for name in dict.fromkeys([*left, *right])]
