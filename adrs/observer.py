"""Whoever watches a run: a terminal, a caller of the Python API, or nobody."""

from typing import Protocol

from adrs.calibrate import Calibration
from adrs.program import Program


class Observer(Protocol):
    """Whoever watches a run."""

    def note(self, text: str) -> None:
        """What the run is doing now, in a few words."""

    def calibrated(self, calibration: Calibration) -> None:
        """The baselines are measured."""

    def told(self, program: Program, evaluations: int) -> None:
        """A program has ended; `evaluations` have been paid for so far."""


class Silent:
    """An observer that says nothing; to be derived from by those that want to hear of one thing."""

    def note(self, text: str) -> None:
        """What the run is doing now."""

    def calibrated(self, calibration: Calibration) -> None:
        """The baselines are measured."""

    def told(self, program: Program, evaluations: int) -> None:
        """A program has ended."""
