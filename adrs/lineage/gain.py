"""What a program gained over its parent."""

from typing import Protocol


class Valued(Protocol):
    """A program, what is shown of it, or a point of a curve."""

    @property
    def score(self) -> float | None:
        """0 = trivial, 100 = state-of-the-art."""

    @property
    def fitness(self) -> float | None:
        """The primary metric, higher is better."""


class Judged(Valued, Protocol):
    """A program, or what is shown of it."""

    @property
    def verdict(self) -> str:
        """How it ended."""


def gain(program: Judged, parent: Valued | None) -> float | None:
    """What a program is better than its parent by; None for a duplicate, which shows what another one gained."""
    return None if program.verdict == "rejected" else difference(program, parent)


def difference(after: Valued, before: Valued | None) -> float | None:
    """Difference of scores, of fitness where there is no scale; None where either has none."""
    if before is None:
        return None
    if after.score is not None and before.score is not None:
        return after.score - before.score
    if after.score is not None or before.score is not None or after.fitness is None or before.fitness is None:
        return None
    return after.fitness - before.fitness
