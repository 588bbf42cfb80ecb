"""adrs/search/pareto.py: a front over workloads, whose programs are parents as often as they are best somewhere."""

import random
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from adrs.problem import Objective, Problem
from adrs.search import Program, Selection
from adrs.search.elites import Elites

_MOST_EQUALS = 4
"""Programs that are kept as the best of one workload where several are equal: those that are best over all."""
_ANCESTORS = 64
_LINEAGES = 1024
"""Programs whose ancestors are known: the last ones told."""


@dataclass
class Pareto:
    """Candidate selection by Pareto front, and merging, of GEPA (arXiv 2507.19457), on the workloads of `train`.

    A program is in the front while it is best on some workload, and no others of the front are best on all of those
    too. The parent is drawn with the number of workloads on which it is best as its weight. Now and then two programs
    of the front are to be merged, neither of which comes from the other, and which are best on different workloads.
    """

    seed: int
    objective: Objective | None = None
    """Says which metric of a workload counts; without it, a workload's score."""
    inspirations: int = 2
    merge: float = 0.2
    """Share of selections that ask for a crossover of two lineages."""

    @classmethod
    def for_problem(cls, problem: Problem, seed: int) -> "Pareto":
        """With the problem's objective."""
        return cls(seed=seed, objective=problem.objective)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._first: Program | None = None
        self._best: dict[str, tuple[float, Elites]] = {}
        """By workload: the highest value, and the programs that have it."""
        self._ancestors: OrderedDict[int, frozenset[int]] = OrderedDict()

    def ask(self) -> Selection:
        """A program of the front, and others that are better somewhere."""
        front = self._front()
        if not front:  # the seed program said nothing about its workloads
            assert self._first is not None, "the seed program is told first"
            return Selection(self._first)
        programs = {program.id: program for _, kept in self._best.values() for program in kept}
        numbers = sorted(front)
        parent = self._random.choices(numbers, [len(front[number]) for number in numbers])[0]
        others = [number for number in numbers if front[number] - front[parent]]
        if self._random.random() < self.merge:
            partners = [number for number in others if not self._related(parent, number)]
            if partners:
                partner = self._random.choices(partners, [len(front[each] - front[parent]) for each in partners])[0]
                return Selection(programs[parent], (programs[partner],), operator="cross")
        chosen = self._random.sample(others, min(self.inspirations, len(others)))
        return Selection(programs[parent], tuple(programs[number] for number in chosen))

    def tell(self, program: Program) -> None:
        """See where the program is best."""
        if program.fitness is None or program.evaluation is None:
            return
        self._first = self._first or program
        self._remember_ancestors(program)
        values = {result.name: self._value(result.metrics, result.score) for result in program.evaluation.workloads}
        if not values or None in values.values():
            values = {"": program.fitness}  # nothing is known by workload: the whole counts as one
        for name, value in values.items():
            assert value is not None
            if name not in self._best or value > self._best[name][0]:
                self._best[name] = value, Elites(_MOST_EQUALS)
            if value == self._best[name][0]:
                self._best[name][1].add(program)

    def _value(self, metrics: Mapping[str, float], score: float | None) -> float | None:
        if self.objective is None or self.objective.workload_metric not in metrics:
            return score
        return self.objective.fitness(metrics[self.objective.workload_metric])

    def _front(self) -> dict[int, frozenset[str]]:
        """The workloads on which each program is best, without programs that the others make superfluous."""
        wins: dict[int, set[str]] = {}
        fitness: dict[int, float] = {}
        for name, (_, kept) in self._best.items():
            for program in kept:
                wins.setdefault(program.id, set()).add(name)
                fitness[program.id] = program.fitness or 0.0
        for number in sorted(wins, key=lambda each: (len(wins[each]), fitness[each], -each)):
            elsewhere = set().union(*(names for other, names in wins.items() if other != number))
            if wins[number] <= elsewhere:
                del wins[number]
        return {number: frozenset(names) for number, names in wins.items()}

    def _remember_ancestors(self, program: Program) -> None:
        line: set[int] = set()
        for parent in program.parents:
            line.add(parent.id)
            line |= self._ancestors.get(parent.id, frozenset())
        self._ancestors[program.id] = frozenset(sorted(line)[-_ANCESTORS:])
        if len(self._ancestors) > _LINEAGES:
            self._ancestors.popitem(last=False)

    def _related(self, one: int, other: int) -> bool:
        """Whether one of two programs comes from the other, as far as it is remembered."""
        return one in self._ancestors.get(other, ()) or other in self._ancestors.get(one, ())
