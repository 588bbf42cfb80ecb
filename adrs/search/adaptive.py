"""adrs/search/adaptive.py: islands that explore more the less they gain, and a bandit over them. The default."""

import math
import random
from dataclasses import dataclass

from adrs.search import Program, Selection
from adrs.search.elites import Elites

_TACTICS = ("cross", "rewrite")
"""What new islands are begun with, in turn."""


@dataclass
class _Island:
    """A small archive, how much it has gained lately, and what the bandit knows of it."""

    archive: Elites
    tactic: str | None = None
    """The wish that goes with its first selections."""
    gain: float = 0.0
    """Decayed average of squared normalised gains: large while the island improves."""
    reward: float = 0.0
    pulls: float = 0.0
    """Decayed number of selections, those in flight included."""
    asked: int = 0
    since_improvement: int = 0
    """Programs told to it since it improved by itself or a new island was begun."""
    improved: int = 0
    """How many programs the run had been told when it last improved by itself, or was begun."""


@dataclass
class Adaptive:
    """Three adaptations, all after AdaEvolve (arXiv 2602.20133), all from the gains that are told.

    Within an island, the share of exploration falls with the average of its squared normalised gains. Between islands,
    an upper-confidence bandit on globally normalised gains decides whose turn it is. When every island stagnates, a
    new one starts from a program of another with a change of tactics: its first parents are to be crossed with the best
    of other islands, or the next time written anew. When there is no room, the island gives way that has gone without
    an improvement of its own for longest: the best programs say nothing of that, since migration makes them alike. Its
    best goes to the oldest of the others, and so do programs that were still in the making when it gave way.

    Gains are in units of the progress of the whole run, from the seed program to the best: unlike the range of all
    that was told, that does not explode when one program fails spectacularly.
    """

    seed: int
    islands: int = 2
    most_islands: int = 5
    archive: int = 24
    inspirations: int = 2
    patience: int = 60
    """Programs told to an island without an improvement before it counts as stagnating."""
    migration: int = 50
    """Programs told between two copies of an island's best to its neighbour."""
    change: int = 12
    """Selections of a new island that go with its tactic."""
    least_exploration: float = 0.15
    most_exploration: float = 0.7
    decay: float = 0.95

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._islands: dict[int, _Island] = {}
        """By number, the oldest first; a number is given once."""
        self._first: Program | None = None
        self._best = 0.0
        self._told = 0
        self._changes = 0

    def ask(self) -> Selection:
        """Choose an island, then explore its archive or exploit its best."""
        number = self._choose_island()
        island = self._islands[number]
        island.pulls += 1
        island.asked += 1
        if self._random.random() < self._exploration(island):
            parent = self._random.choice(island.archive)
        else:
            parent = island.archive[min(int(self._random.expovariate(0.7)), len(island.archive) - 1)]
        inspirations = self._inspirations(number, parent)
        possible = bool(inspirations) or island.tactic != "cross"
        wish = island.tactic if possible and island.asked <= self.change else None
        return Selection(parent, inspirations, number, wish, least=island.archive.weakest)

    def tell(self, program: Program) -> None:
        """File the program in its island and adapt."""
        if self._first is None:
            self._start(program)
            return
        self._told += 1
        for each in self._islands.values():
            each.reward, each.pulls = self.decay * each.reward, self.decay * each.pulls
        if program.island in self._islands:
            self._credit(self._islands[program.island], program)
        else:
            self._oldest.archive.add(program)
        if program.fitness is not None:
            self._best = max(self._best, program.fitness)
        if self._told % self.migration == 0:
            self._migrate()
        if all(other.since_improvement > self.patience for other in self._islands.values()):
            self._new_island()

    def _start(self, program: Program) -> None:
        self._first = program
        self._best = program.fitness or 0.0
        for number in range(self.islands):
            self._begin(number, program)

    def _begin(self, number: int, program: Program, tactic: str | None = None) -> None:
        self._islands[number] = _Island(Elites(self.archive), tactic, improved=self._told)
        self._islands[number].archive.add(program)

    def _credit(self, island: _Island, program: Program) -> None:
        """File a program in the island that it was asked of, with what it gained."""
        gain = self._gain(island, program)
        island.gain = self.decay * island.gain + (1 - self.decay) * gain * gain
        island.reward += gain
        island.since_improvement += 1
        if gain > 0:
            island.since_improvement, island.improved = 0, self._told
        island.archive.add(program)

    @property
    def _oldest(self) -> _Island:
        return next(iter(self._islands.values()))

    def _gain(self, island: _Island, program: Program) -> float:
        """Improvement over the island's best, as a share of the progress of the run that the program makes it; 0..1."""
        best = island.archive[0].fitness
        if program.fitness is None or best is None or program.fitness <= best:
            return 0.0
        assert self._first is not None
        progress = max(self._best, program.fitness) - (self._first.fitness or 0.0)
        return min(1.0, (program.fitness - best) / max(progress, 1e-12))

    def _choose_island(self) -> int:
        """Upper confidence bound (UCB1) on the decayed mean gain; the earlier island wins a tie."""
        total = sum(island.pulls for island in self._islands.values()) + 1

        def bound(number: int) -> float:
            island = self._islands[number]
            pulls = island.pulls + 1e-3
            return island.reward / pulls + 0.5 * math.sqrt(math.log(total + 1) / pulls)

        return max(self._islands, key=bound)

    def _exploration(self, island: _Island) -> float:
        span = self.most_exploration - self.least_exploration
        return self.least_exploration + span / (1 + 10 * math.sqrt(island.gain))

    def _inspirations(self, number: int, parent: Program) -> tuple[Program, ...]:
        own = list(self._islands[number].archive)[: self.archive // 2]
        others = [other.archive[0] for index, other in self._islands.items() if index != number]
        pool = {kept.id: kept for kept in [*own, *others] if kept.id != parent.id}
        return tuple(self._random.sample(list(pool.values()), min(self.inspirations, len(pool))))

    def _migrate(self) -> None:
        islands = list(self._islands.values())
        bests = [island.archive[0] for island in islands]
        for island, best in zip([*islands[1:], islands[0]], bests, strict=True):
            island.archive.add(best)

    def _new_island(self) -> None:
        """Start afresh from a random survivor; the other islands get another spell of patience."""
        survivor = self._random.choice([kept for island in self._islands.values() for kept in island.archive])
        self._begin(self.islands + self._changes, survivor, _TACTICS[self._changes % len(_TACTICS)])
        self._changes += 1
        if len(self._islands) > self.most_islands:
            gone = self._islands.pop(min(self._islands, key=lambda number: self._islands[number].improved))
            self._oldest.archive.add(gone.archive[0])
        for island in self._islands.values():
            island.since_improvement = 0
