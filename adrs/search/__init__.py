"""Search strategies: which parents next, and what to keep. One file each, ask/tell, no input or output."""

from functools import partial
from typing import Protocol

from adrs import plugins
from adrs.problem import Problem
from adrs.program import Program, Selection
from adrs.search.guarded import Guarded

__all__ = ["Program", "Search", "Selection", "make"]


class Search(Protocol):
    """Deterministic given its seed and the order of calls; made as `Strategy(seed=...)`.

    The first program told is the seed program, and it has a fitness. Up to the run's `window` calls of `ask` come
    before the answers to them are told. Programs without a fitness (failed, rejected, duplicates, suspects, stopped
    early) are told too. Parents and inspirations were told and have a fitness, and a stage that a selection names is
    one of the problem's: what breaks this ends the run. Memory and time per call stay flat however long the run gets.
    `adrs.testing.search` holds a strategy to all of this.

    A strategy that wants to know its problem has a class method `for_problem(problem, seed)`, which then makes it.
    """

    def ask(self) -> Selection:
        """Choose the parent, and inspirations, of the next program."""

    def tell(self, program: Program) -> None:
        """Hear how a program ended."""


def make(name: str, problem: Problem, seed: int) -> Search:
    """The strategy registered under a name, for a run on a problem. Raises UserError for an unknown name.

    What the strategy does wrong, then and later, raises PluginError, as `adrs.search.guarded` says.
    """
    strategy = plugins.load("search", name)
    tailored = getattr(strategy, "for_problem", None)
    make = partial(tailored, problem, seed) if tailored else partial(strategy, seed=seed)
    return Guarded(name, make, [stage.name for stage in problem.stages], getattr(strategy, "__module__", ""))
