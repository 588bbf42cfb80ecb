"""What a program gained over its parent."""

from typing import Protocol


class Valued(Protocol):
    """A program, or what is shown of it."""

    @property
    def score(self) -> float | None:
        """0 = trivial, 100 = state-of-the-art."""

    @property
    def fitness(self) -> float | None:
        """The primary metric, higher is better."""


def gain(program: Valued, parent: Valued | None) -> float | None:
    """Score over the parent's, fitness where there is no scale; None where either has none."""
    if parent is None:
        return None
    if program.score is not None and parent.score is not None:
        return program.score - parent.score
    if program.score is not None or parent.score is not None or program.fitness is None or parent.fitness is None:
        return None
    return program.fitness - parent.fitness
