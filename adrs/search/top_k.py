"""adrs/search/top_k.py: keep the k best, draw parents among them."""

import heapq
import random
from dataclasses import dataclass

from adrs.search import Program, Selection


@dataclass
class TopK:
    """Parents are drawn evenly from the `k` best programs; inspirations are drawn from the others."""

    seed: int
    k: int = 10
    inspirations: int = 2

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._best: list[tuple[float, int, Program]] = []  # min-heap of (fitness, -id, program)

    def ask(self) -> Selection:
        """Draw a parent and its inspirations."""
        programs = [program for _, _, program in sorted(self._best, reverse=True)]
        parent = self._random.choice(programs)
        others = [program for program in programs if program is not parent]
        return Selection(parent, tuple(self._random.sample(others, min(self.inspirations, len(others)))))

    def tell(self, program: Program) -> None:
        """Keep the program if it is among the k best."""
        if program.fitness is None:
            return
        heapq.heappush(self._best, (program.fitness, -program.id, program))
        if len(self._best) > self.k:
            heapq.heappop(self._best)
