"""adrs/search/novelty.py: programs too much like a known one are refused; parents with few children come first."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import fmean, median

from adrs.program import REFUSED
from adrs.search import Program, Selection
from adrs.search.elites import Elites
from adrs.search.similarity import resemblance, sketch


@dataclass
class _Island:
    """An archive, how many children its programs have had, and how many programs in a row were refused."""

    archive: Elites
    children: dict[int, int] = field(default_factory=dict)
    refused: int = 0


@dataclass
class Novelty:
    """Islands with rejection by code similarity and weighted parents, after ShinkaEvolve (arXiv 2509.19349).

    The weight of a parent is sigmoid(sharpness z) / (1 + its children), z being its distance from the median fitness of
    its island in units of the median absolute deviation, or of the mean one where more than half are equal. A new
    program is refused before evaluation if it is nearly a program of its island's archive. One that differs in the
    values of numbers alone is not: that is tuning, which its evaluation judges. After a few refusals in a row the next
    one passes, so that no island starves.
    """

    seed: int
    islands: int = 2
    archive: int = 24
    inspirations: int = 2
    sharpness: float = 10.0
    similarity: float = 0.95
    """Share of token sequences in common from which a program is refused: in one of 500 tokens, two edits."""
    patience: int = 3
    """Refusals in a row after which programs of an island pass unseen."""
    migration: int = 50
    """Programs told between two copies of an island's best to the next one."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._islands = [_Island(Elites(self.archive)) for _ in range(self.islands)]
        self._asked = self._told = 0

    def ask(self) -> Selection:
        """The islands in turn; a parent by performance and by how few children it has had."""
        number = self._asked % len(self._islands)
        self._asked += 1
        island = self._islands[number]
        parent = self._random.choices(list(island.archive), self._weights(island))[0]
        island.children[parent.id] = island.children.get(parent.id, 0) + 1
        return Selection(
            parent, self._inspirations(number, parent), number, least=island.archive.weakest,
            refuse=None if island.refused >= self.patience else _refusal(tuple(island.archive), self.similarity),
        )  # fmt: skip

    def tell(self, program: Program) -> None:
        """File the program in its island."""
        if self._told == 0:
            for island in self._islands:
                island.archive.add(program)
        self._told += 1
        island = self._islands[program.island % len(self._islands)]
        if program.evaluation is not None and program.evaluation.stage == REFUSED:
            island.refused += 1
            return
        if program.verdict != "rejected":
            island.refused = 0
        self._file(island, program)
        if self._told % self.migration == 0:
            bests = [island.archive[0] for island in self._islands]
            for place, best in enumerate(bests):
                self._file(self._islands[(place + 1) % len(self._islands)], best)

    def _file(self, island: _Island, program: Program) -> None:
        if island.archive.add(program):
            kept = {each.id for each in island.archive}
            island.children = {number: count for number, count in island.children.items() if number in kept}

    def _weights(self, island: _Island) -> list[float]:
        """See the class; the parents' fitness is there, since they are in the archive."""
        values = [program.fitness or 0.0 for program in island.archive]
        middle = median(values)
        deviations = [abs(value - middle) for value in values]
        deviation = median(deviations) or fmean(deviations) or 1.0
        return [
            _sigmoid(self.sharpness * (value - middle) / deviation) / (1 + island.children.get(program.id, 0))
            for value, program in zip(values, island.archive, strict=True)
        ]

    def _inspirations(self, number: int, parent: Program) -> tuple[Program, ...]:
        """The best of the run, then others of the island."""
        island = self._islands[number]
        best = max((other.archive[0] for other in self._islands), key=lambda each: (each.fitness or 0.0, -each.id))
        chosen = [] if best.id == parent.id else [best]
        others = [program for program in island.archive if program.id not in (parent.id, best.id)]
        count = min(self.inspirations - len(chosen), len(others))
        return (*chosen, *self._random.sample(others, count))


def _refusal(archive: tuple[Program, ...], limit: float) -> Callable[[Program], str]:
    """Compares a program with an archive as it is now."""

    def refuse(program: Program) -> str:
        own = sketch(program.source)
        known = [(sketch(other.source), other) for other in archive]
        if any(theirs == own for theirs, _ in known):
            return ""
        alike = ((resemblance(own, theirs), other) for theirs, other in known)
        share, nearest = max(alike, key=lambda pair: (pair[0], -pair[1].id), default=(0.0, None))
        if nearest is None or share < limit:
            return ""
        return f"nearly program {nearest.id}: {share:.0%} of its code in common, {limit:.0%} is too much"

    return refuse


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))
