"""How large an improvement is, on a scale that holds for the whole of a run: what bandits over proposals learn from."""

from adrs.program import Program

_SHARE_OF_BEST = 0.7
"""Part of a reward that only a new best of the run earns; the rest is for a gain over the parent."""
_SCALE_MEMORY = 0.5
_LEAST_RELATIVE_SCALE = 1e-6
_REMEMBERED = 4096


def next_scale(scale: float | None, step: float) -> float:
    """The size of a run's last improvements after one more: their geometric mean, of which each one halves the rest.

    Steps shrink by orders of magnitude, and the first one, away from the seed program, is often larger than all others
    together: in an arithmetic mean it would hide them for the whole of a short run.
    """
    return step if scale is None else scale**_SCALE_MEMORY * step ** (1 - _SCALE_MEMORY)


class Gains:
    """Rewards in 0..1 for programs, in order of telling. A step as large as the run's last ones is worth one half.

    Normalising by recent steps keeps a reward meaningful from the first leaps to the last refinements of a run.
    """

    def __init__(self) -> None:
        self.best: float | None = None
        """Highest fitness so far."""
        self._scale: float | None = None
        self._fitness: dict[int, float | None] = {}

    def knows(self, number: int) -> bool:
        """Whether a program was told before, among the last few thousand; one that is promoted is told again."""
        return number in self._fitness

    def tell(self, program: Program) -> float:
        """Take note of a program and return its reward; 0 for one without a fitness, or whose fitness was told."""
        fitness, before = program.fitness, self.fitness(program.id)
        self._fitness[program.id] = fitness
        if len(self._fitness) > _REMEMBERED:
            del self._fitness[next(iter(self._fitness))]
        if fitness is None or before is not None:
            return 0.0
        parent = self.fitness(program.parents[0].id) if program.parents else None
        over_best, over_parent = self._gain(fitness, self.best), self._gain(fitness, parent)
        if self.best is not None and fitness > self.best:
            step = fitness - self.best
            self._scale = next_scale(self._scale, step)
        self.best = fitness if self.best is None else max(self.best, fitness)
        return _SHARE_OF_BEST * over_best + (1 - _SHARE_OF_BEST) * over_parent

    def fitness(self, number: int) -> float | None:
        """Fitness of one of the last few thousand programs; None for others and for failed ones."""
        return self._fitness.get(number)

    def _gain(self, fitness: float, baseline: float | None) -> float:
        if baseline is None or fitness <= baseline:
            return 0.0
        gain = fitness - baseline
        least = _LEAST_RELATIVE_SCALE * max(abs(fitness), abs(baseline))
        return gain / (gain + max(self._scale or gain, least))
