"""adrs/search/top_k.py: keep the k best, draw parents among them."""

import random
from dataclasses import dataclass

from adrs.search import Program, Selection
from adrs.search.elites import Elites


@dataclass
class TopK:
    """Parents are drawn evenly from the `k` best programs; inspirations are drawn from the others."""

    seed: int
    k: int = 10
    inspirations: int = 2

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._best = Elites(self.k)

    def ask(self) -> Selection:
        """Draw a parent and its inspirations."""
        parent = self._random.choice(self._best)
        others = [program for program in self._best if program is not parent]
        inspirations = self._random.sample(others, min(self.inspirations, len(others)))
        return Selection(parent, tuple(inspirations), least=self._best.weakest)

    def tell(self, program: Program) -> None:
        """Keep the program if it is among the k best."""
        self._best.add(program)
