"""Proposers: each turns a brief into one draft program."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from adrs.llm.models import Models
from adrs.problem import Problem
from adrs.program import Brief, Draft, Parent, Program, Usage
from adrs.source import Screen

__all__ = ["PROMPT_CHARACTERS", "Brief", "Context", "Draft", "Parent", "Program", "Proposer", "Usage"]

PROMPT_CHARACTERS = 48_000


@dataclass(frozen=True)
class Context:
    """What a proposer is made with."""

    problem: Problem
    seed: int
    """Of the run."""
    models: Models | None = None
    """Language models to ask; None where there are none."""
    prompts: Path | None = None
    """A folder with prompt templates that go before the problem's and the shipped ones."""
    prompt_characters: int = PROMPT_CHARACTERS
    """The most characters of a request to a model, all its messages together."""
    most_waiting: int | None = None
    """Drafts of one of several proposers that may be waited for at a time, so that a slow one leaves room for the
    others; None where the order must not depend on who is slow."""
    call_seconds: float | None = None
    """What a call may take while this run searches; None where the problem's limit holds."""

    @cached_property
    def stated(self) -> Problem:
        """The problem as it is stated to those who write programs: with the limits that hold in this run."""
        limits = self.problem.limits
        seconds = limits.decision_seconds if self.call_seconds is None else self.call_seconds
        return replace(self.problem, limits=replace(limits, decision_seconds=min(seconds, limits.decision_seconds)))

    @cached_property
    def screen(self) -> Screen:
        """What programs are checked with, here and by the run: one of them, so that each is parsed once."""
        return Screen(self.problem)


class Proposer(Protocol):
    """Turns a brief into one draft program; made as `Proposer(context)`.

    A proposer's state is a fold over these calls, which the run makes in ticket order: `propose` or `recall` of a
    ticket right after its brief is made, `tell` of a program before the briefs that may know of it. A `propose` that
    waits for something has done all that it does to its state before it waits.

    What must be remembered of a draft goes into its `detail`, which is plain JSON; `usd` there is what it cost in
    dollars. A draft is signed with the name that the proposer is registered under, and its parents were told. Where
    there is nothing to propose, `failure` says why. `adrs.testing.proposer` holds a proposer to all of this.
    """

    async def propose(self, brief: Brief) -> Draft:
        """Make a draft. Draws nothing at random but from generators seeded with `brief.seed`."""

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Take note of the draft that was recorded for this brief; leaves the state that `propose` left."""

    def tell(self, program: Program) -> None:
        """Learn how a program fared: whoever proposed it, failed and rejected ones included."""
