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


@dataclass
class Adaptive:
    """Three adaptations, all after AdaEvolve (arXiv 2602.20133), all from the gains that are told.

    Within an island, the share of exploration falls with the average of its squared normalised gains. Between islands,
    an upper-confidence bandit on globally normalised gains decides whose turn it is. When every island stagnates, a
    new one starts from a program of another with a change of tactics: its first parents are to be crossed with the best
    of other islands, or the next time written anew. When there is no room, the weakest island gives way.

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
        self._islands: list[_Island] = []
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
        wish = island.tactic if island.asked <= self.change else None
        return Selection(parent, self._inspirations(number, parent), number, wish, least=island.archive.weakest)

    def tell(self, program: Program) -> None:
        """File the program in its island and adapt."""
        if self._first is None:
            self._start(program)
            return
        island = self._islands[program.island % len(self._islands)]
        gain = self._gain(island, program)
        island.gain = self.decay * island.gain + (1 - self.decay) * gain * gain
        for each in self._islands:
            each.reward, each.pulls = self.decay * each.reward, self.decay * each.pulls
        island.reward += gain
        island.since_improvement = 0 if gain > 0 else island.since_improvement + 1
        if program.fitness is not None:
            island.archive.add(program)
            self._best = max(self._best, program.fitness)
        self._told += 1
        if self._told % self.migration == 0:
            self._migrate()
        if all(other.since_improvement > self.patience for other in self._islands):
            self._new_island()

    def _start(self, program: Program) -> None:
        self._first = program
        self._best = program.fitness or 0.0
        self._islands = [self._island(program) for _ in range(self.islands)]

    def _island(self, program: Program, tactic: str | None = None) -> _Island:
        island = _Island(Elites(self.archive), tactic)
        island.archive.add(program)
        return island

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
        total = sum(island.pulls for island in self._islands) + 1

        def bound(island: _Island) -> float:
            pulls = island.pulls + 1e-3
            return island.reward / pulls + 0.5 * math.sqrt(math.log(total + 1) / pulls)

        weights = [bound(island) for island in self._islands]
        return max(range(len(weights)), key=weights.__getitem__)

    def _exploration(self, island: _Island) -> float:
        span = self.most_exploration - self.least_exploration
        return self.least_exploration + span / (1 + 10 * math.sqrt(island.gain))

    def _inspirations(self, number: int, parent: Program) -> tuple[Program, ...]:
        own = list(self._islands[number].archive)[: self.archive // 2]
        others = [other.archive[0] for index, other in enumerate(self._islands) if index != number]
        pool = {kept.id: kept for kept in [*own, *others] if kept.id != parent.id}
        return tuple(self._random.sample(list(pool.values()), min(self.inspirations, len(pool))))

    def _migrate(self) -> None:
        bests = [island.archive[0] for island in self._islands]
        for index, best in enumerate(bests):
            self._islands[(index + 1) % len(self._islands)].archive.add(best)

    def _new_island(self) -> None:
        """Start afresh from a random survivor; the other islands get another spell of patience."""
        survivors = [kept for island in self._islands for kept in island.archive]
        island = self._island(self._random.choice(survivors), _TACTICS[self._changes % len(_TACTICS)])
        self._changes += 1
        if len(self._islands) < self.most_islands:
            self._islands.append(island)
        else:
            weakest = min(range(len(self._islands)), key=lambda index: self._islands[index].archive[0].fitness or 0.0)
            self._islands[weakest] = island
        for other in self._islands:
            other.since_improvement = 0
