"""A batch of calls from the trusted side: how its columns cross, and how its answers are checked."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from adrs.evaluate.calls import check_length
from adrs.evaluation import Invalid
from adrs.interface import FunctionType, Sizes, Type, ValueType, bind, check, listed, mentioned

_FLOAT = np.dtype(np.float64)


class Rows:
    """The columns of a map: what each scenario's arguments say about the sizes of its answer."""

    def __init__(self, kind: FunctionType, columns: Sequence[Any], scenarios: int, bound: bool = False) -> None:
        """Raises ValueError where the columns do not fit the interface. With `bound`, an earlier batch did, and where
        no size of an answer depends on them that is not asked again.
        """
        self._kind = kind
        self._scenarios = scenarios
        self._columns = dict(zip(kind.crossing, columns, strict=True))
        self.sent = [_sent(kind.arguments[name], name, column, scenarios) for name, column in self._columns.items()]
        """What crosses for each column, see adrs.sandbox.inside.spread."""
        needed, varying = set(mentioned(kind.returns)), set[str]()
        for name, column in self._columns.items():
            varying |= _varying(name, column) if needed else set()
        self._uniform = not varying & needed
        self._sizes = self._row(0) if scenarios and (needed or not bound) else {}

    def _row(self, scenario: int) -> Sizes:
        sizes: Sizes = {}
        for name, column in self._columns.items():
            bind(self._kind.arguments[name], _pick(column, scenario), sizes, name)
        return sizes

    def check(self, answer: Any) -> Any:
        """The checked answers, stacked; where sizes differ between scenarios each is checked by its own."""
        kind, name = self._kind.returns, self._kind.name
        if self._uniform:
            return checked(kind, answer, self._sizes, name, self._scenarios)
        if isinstance(kind, ValueType):
            return self._each(kind, answer, name)
        if isinstance(kind, tuple) or not isinstance(answer, dict) or set(answer) != set(kind):
            return checked(kind, answer, self._sizes, name, self._scenarios)
        return {key: self._each(field, answer[key], f"{name}[{key!r}]") for key, field in kind.items()}

    def _each(self, kind: ValueType, answer: Any, name: str) -> Any:
        if not isinstance(answer, list | np.ndarray) or len(answer) != self._scenarios:
            raise Invalid("shape", f"{name} must return one answer for each of {self._scenarios} scenarios")
        return np.array([checked(kind, entry, self._row(index), name) for index, entry in enumerate(answer)])


def _sent(kind: Type, name: str, column: Any, scenarios: int) -> list[Any]:
    """Raises ValueError where there is not one value for each scenario."""
    if isinstance(column, dict) and _are_floats(column.values(), scenarios):
        return ["records", list(column), np.array(list(column.values())).T]
    check_length(name, column, scenarios)
    is_list = isinstance(kind, ValueType) and kind.base == "float" and kind.dims is not None
    if is_list and isinstance(column, np.ndarray) and column.dtype == np.float64:
        return ["lists", column]
    return ["rows", listed(kind, column)]


def _are_floats(fields: Collection[Any], length: int) -> bool:
    """Whether there are any, and all are float64[length]; quick, since it is asked of every batch."""
    return (
        {type(field) for field in fields} == {np.ndarray}
        and {field.shape for field in fields} == {(length,)}
        and {field.dtype for field in fields} == {_FLOAT}
    )


def checked(kind: Type, answer: Any, sizes: Sizes, function: str, scenarios: int | None = None) -> Any:
    """The interface's check; an answer so odd that it makes numpy raise is no fault of the evaluator's."""
    try:
        return check(kind, answer, sizes, function, scenarios)
    except (ValueError, TypeError, OverflowError, MemoryError, RecursionError) as error:
        raise Invalid("answer", f"{function}: not a well-formed answer ({type(error).__name__})") from None


def _varying(name: str, column: Any) -> set[str]:
    """Names of whole numbers that are not the same in all scenarios."""
    if isinstance(column, dict):
        return {found for key, field in column.items() for found in _varying(key, field)}
    if isinstance(column, np.ndarray) and column.ndim == 1 and column.dtype.kind in "iu":
        return {name} if column.size and bool((column != column[0]).any()) else set()
    if isinstance(column, list) and column and not isinstance(column[0], str):
        return {name} if any(value != column[0] for value in column) else set()
    return set()


def _pick(column: Any, scenario: int) -> Any:
    if isinstance(column, dict):
        return {name: _pick(field, scenario) for name, field in column.items()}
    value = column[scenario] if isinstance(column, np.ndarray | list) else column
    return value.item() if isinstance(value, np.generic) else value
