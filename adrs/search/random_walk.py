"""adrs/search/random_walk.py: the control for selection. Any program may be a parent, however good it is."""

import random
from dataclasses import dataclass

from adrs.search import Program, Selection


@dataclass
class RandomWalk:
    """Random mutation without selection: every program with a fitness is as likely a parent as any other.

    Drafts are independent of what a proposer has learned, so that nothing else selects either. The programs are held in
    a reservoir (Vitter, Random Sampling with a Reservoir, TOMS 1985, algorithm R): at any time an even sample of all
    that were told, in flat memory.
    """

    seed: int
    reservoir: int = 512

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._programs: list[Program] = []
        self._seen = 0

    def ask(self) -> Selection:
        """Draw a parent, and another program for those who cross two."""
        first, *others = self._random.sample(self._programs, min(2, len(self._programs)))
        return Selection(first, tuple(others), independent=True)

    def tell(self, program: Program) -> None:
        """Keep the program, or not, by chance alone."""
        if program.fitness is None or any(kept.id == program.id for kept in self._programs):
            return
        self._seen += 1
        if len(self._programs) < self.reservoir:
            self._programs.append(program)
            return
        place = self._random.randrange(self._seen)
        if place < self.reservoir:
            self._programs[place] = program
