"""How large an improvement is, on a scale that holds for the whole of a run: what bandits over proposals learn from."""

from adrs.program import Program

_SHARE_OF_BEST = 0.7
"""Part of a reward that only a new best of the run earns; the rest is for a gain over the parent."""
_SCALE_MEMORY = 0.5
_LEAST_RELATIVE_SCALE = 1e-6
_REMEMBERED = 4096


class Steps:
    """How large a gain is beside the last improvements of a run.

    Normalising by recent steps keeps a reward meaningful from the first leaps to the last refinements of a run.
    """

    def __init__(self) -> None:
        self.best: float | None = None
        """Highest fitness so far."""
        self._scale: float | None = None

    def tell(self, fitness: float) -> None:
        """Take note of a program's fitness."""
        if self.best is not None and fitness > self.best:
            self._scale = _next_scale(self._scale, fitness - self.best)
        self.best = fitness if self.best is None else max(self.best, fitness)

    def gain(self, fitness: float, baseline: float | None) -> float:
        """How much better a fitness is than a baseline, in 0..1: one half for an average step of the best so far."""
        if baseline is None or fitness <= baseline:
            return 0.0
        gain = fitness - baseline
        least = _LEAST_RELATIVE_SCALE * max(abs(fitness), abs(baseline))
        return gain / (gain + max(self._scale or gain, least))

    def reward(self, fitness: float, parent: float | None) -> float:
        """What a program that is not told yet is worth, in 0..1, by the fitness of what it was made from."""
        return _SHARE_OF_BEST * self.gain(fitness, self.best) + (1 - _SHARE_OF_BEST) * self.gain(fitness, parent)


class Gains:
    """Rewards in 0..1 for programs, in order of telling."""

    def __init__(self) -> None:
        self._steps = Steps()
        self._fitness: dict[int, float | None] = {}

    @property
    def best(self) -> float | None:
        """Highest fitness so far."""
        return self._steps.best

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
        reward = self._steps.reward(fitness, self.fitness(program.parents[0].id) if program.parents else None)
        self._steps.tell(fitness)
        return reward

    def fitness(self, number: int) -> float | None:
        """Fitness of one of the last few thousand programs; None for others and for failed ones."""
        return self._fitness.get(number)


def _next_scale(scale: float | None, step: float) -> float:
    """The size of a run's last improvements after one more: their geometric mean, of which each one halves the rest.

    Steps shrink by orders of magnitude, and the first one, away from the seed program, is often larger than all others
    together: in an arithmetic mean it would hide them for the whole of a short run.
    """
    return step if scale is None else scale**_SCALE_MEMORY * step ** (1 - _SCALE_MEMORY)
