"""adrs/search/beam.py: a generation at a time, each program of the beam as often as the next."""

import random
from dataclasses import dataclass

from adrs.search import Program, Selection
from adrs.search.elites import Elites


@dataclass
class Beam:
    """Every program of the beam is the parent of `branches` others; then the best of old and new make the next beam.

    Beam search as of speech recognition (Lowerre 1976). A program that was asked for in one generation and told in the
    next counts there, so that nobody waits for the last of a generation.
    """

    seed: int
    width: int = 6
    branches: int = 4
    inspirations: int = 2

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._beam: tuple[Program, ...] = ()
        self._best = Elites(self.width)
        """The beam, and what was told since: the next beam."""
        self._asked = self._told = 0

    def ask(self) -> Selection:
        """The programs of the beam in turn."""
        parent = self._beam[self._asked % len(self._beam)]
        self._asked += 1
        others = [program for program in self._beam if program is not parent]
        inspirations = self._random.sample(others, min(self.inspirations, len(others)))
        return Selection(parent, tuple(inspirations), least=self._best.weakest)

    def tell(self, program: Program) -> None:
        """File the program for the next beam, which begins when this one has had its branches."""
        self._best.add(program)
        self._told += 1
        if self._told >= len(self._beam) * self.branches:
            self._beam, self._asked, self._told = tuple(self._best), 0, 0
