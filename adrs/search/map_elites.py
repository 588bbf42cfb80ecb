"""adrs/search/map_elites.py: islands, each a grid of behaviour with the best program of every cell."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from adrs.errors import UserError
from adrs.problem import Feature, Problem
from adrs.search import Program, Selection
from adrs.search.similarity import Sketch, resemblance, text_sketch

Cell = tuple[int, ...]

_SHORTEST, _DOUBLINGS = 128, 8
"""Without features of the problem: lengths from 128 characters on, a cell for every doubling."""
_NOVELTY_CELLS = 8
_COMPARED = 8
"""Programs of an island, the last ones filed, that a program's novelty is measured against."""


@dataclass
class _Island:
    """A grid, and what new programs are compared with."""

    cells: dict[Cell, Program] = field(default_factory=dict)
    recent: list[Sketch] = field(default_factory=list)
    told: int = 0

    @property
    def best(self) -> Program:
        """The best program of all cells."""
        return min(self.cells.values(), key=_rank)


@dataclass
class MapElites:
    """MAP-Elites (Mouret and Clune, arXiv 1504.04909) on islands with ring migration, as in AlphaEvolve (arXiv
    2506.13131) and OpenEvolve.

    The features are metrics that the problem declares, with ranges and cells; where it declares none, the length of a
    program and its novelty, the mean share of its text that the last programs filed in its island do not have.
    """

    seed: int
    features: Sequence[Feature] = ()
    islands: int = 3
    exploitation: float = 0.4
    """Share of parents that come from the best tenth of the cells instead of any cell."""
    inspirations: int = 2
    migration: int = 60
    """Programs told to an island between two copies of its best to the next island."""
    migrants: int = 2

    @classmethod
    def for_problem(cls, problem: Problem, seed: int) -> "MapElites":
        """With the features that the problem declares."""
        return cls(seed=seed, features=problem.features)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._islands = [_Island() for _ in range(self.islands)]
        self._asked = 0

    def ask(self) -> Selection:
        """The islands in turn; a cell at random, or one of the best."""
        number = self._asked % len(self._islands)
        self._asked += 1
        island = self._islands[number]
        programs = list(island.cells.values())
        if self._random.random() < self.exploitation:
            programs = sorted(programs, key=_rank)[: math.ceil(len(programs) / 10)]
        parent = self._random.choice(programs)
        return Selection(parent, self._inspirations(island, parent), number)

    def tell(self, program: Program) -> None:
        """File the program in the cell of its behaviour, if it is the best there. Raises UserError, see `_cell`."""
        if program.fitness is None:
            return
        if not self._islands[0].cells:
            self._check(program)
            for island in self._islands:
                self._file(island, program)
            return
        number = program.island % len(self._islands)
        island = self._islands[number]
        self._file(island, program)
        island.told += 1
        if island.told % self.migration == 0:
            following = self._islands[(number + 1) % len(self._islands)]
            for migrant in sorted(island.cells.values(), key=_rank)[: self.migrants]:
                self._file(following, migrant)

    def _check(self, program: Program) -> None:
        """Raise UserError for a feature that the evaluator does not compute."""
        metrics = program.evaluation.metrics if program.evaluation else {}
        for feature in self.features:
            if feature.metric not in metrics:
                raise UserError(
                    f'the problem declares the feature "{feature.metric}", but its evaluator computes '
                    f"{', '.join(sorted(metrics)) or 'no metrics'}"
                )

    def _file(self, island: _Island, program: Program) -> None:
        cell = self._cell(island, program)
        if cell not in island.cells or _rank(program) < _rank(island.cells[cell]):
            island.cells[cell] = program
            if not self.features:
                island.recent = [*island.recent[1 - _COMPARED :], text_sketch(program.source)]

    def _cell(self, island: _Island, program: Program) -> Cell:
        """Where a program belongs; a metric that it lacks counts as the low end."""
        if self.features:
            metrics = program.evaluation.metrics if program.evaluation else {}
            return tuple(_index(feature, metrics.get(feature.metric, feature.low)) for feature in self.features)
        length = math.log2(max(1, len(program.source)) / _SHORTEST)
        return min(max(math.floor(length), 0), _DOUBLINGS - 1), self._novelty_cell(island, program)

    def _novelty_cell(self, island: _Island, program: Program) -> int:
        if not island.recent:
            return 0
        own = text_sketch(program.source)
        novelty = 1 - sum(resemblance(own, other) for other in island.recent) / len(island.recent)
        return min(int(novelty * _NOVELTY_CELLS), _NOVELTY_CELLS - 1)

    def _inspirations(self, island: _Island, parent: Program) -> tuple[Program, ...]:
        """The island's best, then programs of other cells."""
        others = {program.id: program for program in island.cells.values() if program.id != parent.id}
        best = island.best
        chosen = [best] if best.id in others else []
        others.pop(best.id, None)
        count = min(self.inspirations - len(chosen), len(others))
        return (*chosen, *self._random.sample(list(others.values()), max(0, count)))


def _index(feature: Feature, value: float) -> int:
    position = (value - feature.low) / (feature.high - feature.low)
    return min(max(int(min(max(position, 0.0), 1.0) * feature.cells), 0), feature.cells - 1)


def _rank(program: Program) -> tuple[float, int]:
    assert program.fitness is not None
    return -program.fitness, program.id
