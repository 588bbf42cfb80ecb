"""What the embedded proposer remembers of the run: the best programs, and how large an improvement is."""

from collections.abc import Iterator, Sequence

from adrs.problem import Objective
from adrs.program import Program
from adrs.propose.gains import Steps

_ELITES = 16
_READINGS = 16
"""Sets of quantities of which the best program is remembered."""


def values(program: Program, objective: Objective | None) -> dict[str, float]:
    """What a program reached on each workload, higher is better: scores, or where there are none the metric."""
    found = {}
    for result in program.evaluation.workloads if program.evaluation else ():
        if result.score is not None:
            found[result.name] = result.score
        elif objective is not None and objective.workload_metric in result.metrics:
            found[result.name] = objective.fitness(result.metrics[objective.workload_metric])
    return found


class Archive:
    """The best programs of the run, of each building block, of what is read, and on each workload; a bounded number."""

    def __init__(self, objective: Objective | None = None, quantities: Sequence[str] = ()) -> None:
        """Take what the interface shows, as code.

        objective: says which metric of a workload counts where there are no scores.
        """
        self._objective = objective
        self._quantities = quantities
        self._champions: dict[str, tuple[float, Program]] = {}
        """By workload the highest value and the first program that has it."""
        self.elites: list[Program] = []
        """Best first; of equal fitness the earlier first."""
        self._of_block: dict[str, Program] = {}
        self._of_reading: dict[frozenset[str], Program] = {}
        self.steps = Steps()

    def tell(self, program: Program) -> None:
        """Take note of an evaluated program."""
        fitness = program.fitness
        if fitness is None or any(elite.id == program.id for elite in self.elites):
            return
        for name, value in values(program, self._objective).items():
            if name not in self._champions or value > self._champions[name][0]:
                self._champions[name] = value, program
        self.steps.tell(fitness)
        block = program.detail.get("block")
        if isinstance(block, str) and (block not in self._of_block or fitness > _fitness(self._of_block[block])):
            self._of_block[block] = program
        self._file_by_reading(program, fitness)
        if len(self.elites) == _ELITES and fitness <= _fitness(self.elites[-1]):
            return
        self.elites.append(program)
        self.elites.sort(key=lambda elite: (-_fitness(elite), elite.id))
        del self.elites[_ELITES:]

    def find(self, number: int) -> Program | None:
        """A remembered program by its number."""
        champions = (program for _, program in self._champions.values())
        known = (*self, *self._of_reading.values(), *champions)
        return next((program for program in known if program.id == number), None)

    def weakness(self, program: Program) -> tuple[str, Program] | None:
        """The workload on which a program is furthest behind the best there, and that best program.

        Differences count in comparison to the larger of the two values, so that a workload of large numbers is none
        by that alone. None where the program is behind nowhere.
        """
        behind = {}
        for name, value in values(program, self._objective).items():
            best, champion = self._champions.get(name, (value, program))
            if champion.id != program.id and best > value:
                behind[name] = (best - value) / max(abs(best), abs(value))
        if not behind:
            return None
        worst = max(sorted(behind), key=behind.__getitem__)
        return worst, self._champions[worst][1]

    @property
    def readers(self) -> list[Program]:
        """The best program of each set of quantities that programs read, best first.

        What depends on something else is often worse than the best until its numbers are tuned.
        """
        return sorted(self._of_reading.values(), key=lambda program: (-_fitness(program), program.id))

    def _file_by_reading(self, program: Program, fitness: float) -> None:
        source = program.source.replace("'", '"')
        reading = frozenset(code for code in self._quantities if code in source)
        if reading not in self._of_reading or fitness > _fitness(self._of_reading[reading]):
            self._of_reading[reading] = program
        if len(self._of_reading) > _READINGS:
            worst = self.readers[-1]
            self._of_reading = {key: kept for key, kept in self._of_reading.items() if kept is not worst}

    def __iter__(self) -> Iterator[Program]:
        """The elites, best first, then the best of each block that is not among them."""
        yield from self.elites
        known = {elite.id for elite in self.elites}
        yield from (program for program in self._of_block.values() if program.id not in known)


def _fitness(program: Program) -> float:
    assert program.fitness is not None
    return program.fitness
