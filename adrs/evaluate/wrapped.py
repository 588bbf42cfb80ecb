"""A policy that passes everything on to another one: for those that listen to some of it."""

from collections.abc import Sequence
from typing import Any

from adrs.evaluation import Attempts, Policy


class WrappedPolicy:
    """Implements adrs.evaluation.Policy by another policy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    @property
    def seconds(self) -> float:
        """Wall time of the last round trip."""
        return self._policy.seconds

    @seconds.setter
    def seconds(self, seconds: float) -> None:
        self._policy.seconds = seconds

    @property
    def decision_seconds(self) -> float:
        """Wall seconds that one call may take."""
        return self._policy.decision_seconds

    @decision_seconds.setter
    def decision_seconds(self, seconds: float) -> None:
        self._policy.decision_seconds = seconds

    def call(self, function: str, *arguments: Any) -> Any:
        """Call one function once, see adrs.evaluation.Policy."""
        return self._policy.call(function, *arguments)

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Call one function once per scenario, see adrs.evaluation.Policy."""
        return self._policy.map(function, *columns, scenarios=scenarios)

    def attempt(
        self,
        function: str,
        *columns: Any,
        scenarios: Sequence[int] | None = None,
        seconds: float = 1.0,
        most_failures: int = 0,
    ) -> Attempts:
        """Passed on, see adrs.evaluation.Policy."""
        return self._policy.attempt(
            function, *columns, scenarios=scenarios, seconds=seconds, most_failures=most_failures
        )

    def reset(self, seed: int, scenarios: int = 1) -> None:
        """Passed on, see adrs.evaluation.Policy."""
        self._policy.reset(seed, scenarios)

    def restart(self) -> float:
        """Passed on, see adrs.evaluation.Policy."""
        return self._policy.restart()

    def pause(self, seconds: float) -> float:
        """Passed on, see adrs.evaluation.Policy."""
        return self._policy.pause(seconds)

    def echo(self, *arguments: Any) -> float:
        """Passed on, see adrs.evaluation.Policy."""
        return self._policy.echo(*arguments)
