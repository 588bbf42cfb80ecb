"""How long the parts of a session took."""

import time
from collections.abc import Mapping

READY, SEARCH, CHOICE, TABLE = "getting ready", "searching", "choosing the winner", "measuring the rest"


class Phases:
    """A stopwatch with names, one after the other."""

    def __init__(self, began: float) -> None:
        """began: of `time.monotonic`, when getting ready began."""
        self._begun = [(READY, began)]

    def enter(self, name: str) -> None:
        """Another part begins."""
        self._begun.append((name, time.monotonic()))

    def seconds(self) -> Mapping[str, float]:
        """Wall seconds of each part by name, in order; the one under way ends now."""
        ends = [*(began for _, began in self._begun[1:]), time.monotonic()]
        return {name: end - began for (name, began), end in zip(self._begun, ends, strict=True)}
