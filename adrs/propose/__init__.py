"""Proposers: each turns a brief into one draft program."""

from typing import Protocol

from adrs.program import Brief, Draft, Program


class Proposer(Protocol):
    """Turns a brief into one draft program.

    A proposer's state is a fold over these calls, which the run makes in ticket order: `propose` or `recall` of a
    ticket right after its brief is made, `tell` of a program before the briefs that may know of it.
    """

    async def propose(self, brief: Brief) -> Draft:
        """Make a draft. Draws nothing at random but from generators seeded with `brief.seed`."""

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Take note of the draft that was recorded for this brief; leaves the state that `propose` left."""

    def tell(self, program: Program) -> None:
        """Learn how a program fared: whoever proposed it, failed and rejected ones included."""
