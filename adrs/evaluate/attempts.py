"""One call a scenario where single calls may fail: how the columns are sent, and how what came back is read."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adrs.evaluate.calls import check_length
from adrs.evaluation import Attempts, Failure, Invalid, Shared
from adrs.interface import FunctionType, Sizes, bind

_VERDICTS = ("error", "timeout")
_REASON_LIMIT = 1000
Check = Callable[[Any, Any, Sizes, str, int], Any]


class Asked:
    """The calls of one function for some scenarios.

    columns: see adrs.evaluation.Policy.attempt. Raises ValueError where they do not fit the interface.
    """

    def __init__(self, kind: FunctionType, columns: Sequence[Any], count: int) -> None:
        self._kind = kind
        self._count = count
        self.columns = [_split(column) for column in columns]
        """What is sent of each column: what differs between scenarios, and what they share."""
        self._sizes: Sizes = {}
        for name, (way, *values) in zip(kind.crossing, self.columns, strict=True):
            for varying in values[:1] if way != "same" else []:
                check_length(name, varying, count)
            if count:
                bind(kind.arguments[name], _first(way, values), self._sizes, name)

    def attempts(self, answer: Any, checked: Check) -> Attempts:
        """The checked answers. Raises Invalid for an answer of the wrong kind, or a malformed one."""
        name = self._kind.name
        if not isinstance(answer, list) or len(answer) != 3:
            raise Invalid("answer", f"{name}: not a well-formed answer")
        answers, failed, seconds = answer
        failures = _failures(failed, name)
        asked = len(seconds) if isinstance(seconds, np.ndarray) and seconds.ndim == 1 else -1
        rows = [failure.row for failure in failures]
        if not 0 <= asked <= self._count or rows != sorted(set(rows)) or any(row >= asked for row in rows):
            raise Invalid("answer", f"{name}: not a well-formed answer")
        succeeded = np.zeros(self._count, dtype=bool)
        succeeded[:asked] = True
        succeeded[rows] = False
        good = asked - len(rows)
        values = None
        if good and not self._kind.keeps:
            values = checked(self._kind.returns, answers, self._sizes, name, good)
        times = np.zeros(self._count)
        times[:asked] = np.where(np.isfinite(seconds), seconds, 0.0)
        return Attempts(values, succeeded, failures, times, asked == self._count)


def _split(column: Any) -> list[Any]:
    if isinstance(column, Shared):
        return ["same", column.value]
    if isinstance(column, dict):
        shared = {name: value.value for name, value in column.items() if isinstance(value, Shared)}
        return ["fields", {name: value for name, value in column.items() if name not in shared}, shared]
    return ["rows" if isinstance(column, np.ndarray | list) else "same", column]


def _first(way: str, values: Sequence[Any]) -> Any:
    """The value of the first scenario."""
    if way == "same":
        return values[0]
    if way == "rows":
        return values[0][0]
    fields: dict[str, Any] = values[0]
    row = {name: value[0] if isinstance(value, np.ndarray | list) else value for name, value in fields.items()}
    return {**row, **values[1]}


def _failures(said: Any, name: str) -> tuple[Failure, ...]:
    """What the policy's process says of failed calls; it may lie, about itself only."""
    failures = []
    entries: list[Any] = said if isinstance(said, list) else [None]
    for entry in entries:
        known = isinstance(entry, list) and [type(part) for part in entry] == [int, str, str]
        if not known or entry[0] < 0 or entry[1] not in _VERDICTS:
            raise Invalid("answer", f"{name}: not a well-formed answer")
        failures.append(Failure(entry[0], entry[1], entry[2][:_REASON_LIMIT]))
    return tuple(failures)
