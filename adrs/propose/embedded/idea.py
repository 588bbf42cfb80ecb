"""What the operators of the embedded proposer have in common."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from adrs.program import Brief, Draft, Parent, Program
from adrs.propose.embedded.archive import Archive


@dataclass(frozen=True, slots=True)
class Idea:
    """A program that an operator would propose."""

    source: str
    parents: tuple[Parent, ...]
    rationale: str
    baseline: float | None
    """Fitness that counts as no gain."""
    detail: Mapping[str, Any] = field(default_factory=dict)


class Operator(Protocol):
    """One way to make programs. `think` looks, `commit` remembers: a recorded draft is committed without a thought."""

    name: str

    def think(self, brief: Brief, archive: Archive, rng: random.Random) -> Idea | None:
        """An idea for this brief, or None where the operator has nothing to work on. Changes no state."""

    def commit(self, brief: Brief, draft: Draft, archive: Archive) -> None:
        """Take note of a draft that is being evaluated."""

    def tell(self, program: Program) -> None:
        """Learn how a program of this operator fared."""


def shorten(text: str, limit: int = 40) -> str:
    """Code on one line for a rationale, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 3]}..."
