"""A policy that keeps everything it is sent, to look at what reaches a program and what does not."""

from typing import Any

from adrs.evaluation import Shared
from adrs.testing.policy import InProcessPolicy


class RecordingPolicy(InProcessPolicy):
    """Runs a program in this process and remembers the arguments of all calls, by function."""

    def __init__(self, problem: Any, source: str) -> None:
        super().__init__(problem, source)
        self.sent: list[tuple[str, Any]] = []

    def call(self, function: str, *arguments: Any) -> Any:
        self.sent.append((function, arguments))
        return super().call(function, *arguments)

    def map(self, function: str, *columns: Any, **options: Any) -> Any:
        self.sent.append((function, columns))
        return super().map(function, *columns, **options)

    def attempt(self, function: str, *columns: Any, **options: Any) -> Any:
        self.sent.append((function, columns))
        return super().attempt(function, *columns, **options)


def opened(value: Any) -> Any:
    """Plain data: what stands in shared columns as well; arrays of numbers as they are."""
    if isinstance(value, Shared):
        return opened(value.value)
    if isinstance(value, dict):
        return {name: opened(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [opened(each) for each in value]
    return value


def keys(value: Any) -> set[str]:
    """Names of all fields at any depth."""
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()
