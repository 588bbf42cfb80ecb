"""Whoever watches a distillation: a terminal, or nobody."""

from typing import Protocol


class Observer(Protocol):
    """Told what goes on, in plain text that may hold words of programs."""

    def began(self, stage: str, seconds: float) -> None:
        """A stage begins, and may take so many seconds."""

    def at(self, what: str) -> None:
        """What the stage is at now, in a few words; may be told many times a second."""

    def said(self, line: str) -> None:
        """A line worth keeping: what a stage found."""


class Nobody:
    """Says nothing."""

    def began(self, stage: str, seconds: float) -> None:
        """A stage begins."""

    def at(self, what: str) -> None:
        """What the stage is at now."""

    def said(self, line: str) -> None:
        """What a stage found."""
