"""Search strategies: which parents next, and what to keep. One file each, ask/tell, no input or output."""

from typing import Protocol

from adrs.program import Program, Selection

__all__ = ["Program", "Search", "Selection"]


class Search(Protocol):
    """Deterministic given its seed and the order of calls; made as `Strategy(seed=...)`.

    The first program told is the seed program, and it has a fitness. Up to the run's `window` calls of `ask` come
    before the answers to them are told. Programs without a fitness (failed, rejected, duplicates, suspects) are told
    too and must never be returned as parents. Memory and time per call stay flat however long the run gets.
    """

    def ask(self) -> Selection:
        """Choose the parent, and inspirations, of the next program."""

    def tell(self, program: Program) -> None:
        """Hear how a program ended."""
