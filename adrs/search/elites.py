"""The best few programs: the archive that most strategies keep."""

from bisect import insort
from collections.abc import Iterator

from adrs.program import Program


class Elites:
    """At most `capacity` programs with a fitness, best first; of equal fitness the earlier first."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._programs: list[Program] = []

    def add(self, program: Program) -> bool:
        """Keep the program if it is among the best; one told again takes its own place. False if it is not kept."""
        if program.fitness is None:
            return False
        if any(kept.id == program.id for kept in self._programs):
            self._programs = [kept for kept in self._programs if kept.id != program.id]
        elif len(self) == self.capacity and _rank(program) > _rank(self._programs[-1]):
            return False
        insort(self._programs, program, key=_rank)
        del self._programs[self.capacity :]
        return True

    @property
    def weakest(self) -> float | None:
        """The fitness that a further program must reach; None while there is room."""
        return self._programs[-1].fitness if len(self) == self.capacity else None

    def __getitem__(self, place: int) -> Program:
        return self._programs[place]

    def __iter__(self) -> Iterator[Program]:
        return iter(self._programs)

    def __len__(self) -> int:
        return len(self._programs)


def _rank(program: Program) -> tuple[float, int]:
    assert program.fitness is not None
    return -program.fitness, program.id
