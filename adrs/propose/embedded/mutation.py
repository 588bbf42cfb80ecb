"""The embedded proposer without building blocks: what a search finds from the seed program alone."""

from dataclasses import replace
from typing import ClassVar

from adrs.propose import Context
from adrs.propose.embedded.proposer import Embedded


class Mutation(Embedded):
    """Syntax tree edits, crossover and tuned constants, but nothing that people wrote for the problem beforehand.

    A control: what `embedded` reaches above it, the building blocks are worth; and strategies differ more where the
    first programs are not good already.
    """

    name: ClassVar[str] = "mutation"

    def __init__(self, context: Context) -> None:
        """Take a problem for its seed program and its functions."""
        super().__init__(replace(context, problem=replace(context.problem, blocks=())))
