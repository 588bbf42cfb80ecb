"""A batch of calls from the trusted side: how its columns cross, and how its answers are checked."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adrs.evaluate.calls import COLUMN, check_length
from adrs.evaluation import Invalid, Shared
from adrs.interface import FunctionType, Sizes, Type, ValueType, bind, check, listed

_FLOAT = np.dtype(np.float64)


class Rows:
    """The columns of a batch of calls: what each scenario's arguments say about the sizes of its answer."""

    def __init__(self, kind: FunctionType, columns: Sequence[Any], count: int, known: bool = False) -> None:
        """Raises ValueError where the columns do not fit the interface. With `known`, an earlier batch did, and where
        no size of an answer depends on them that is not asked again.
        """
        self.kind = kind
        self.count = count
        """Of scenarios."""
        self._columns = dict(zip(kind.crossing, columns, strict=True))
        self._sizes: list[Sizes] = [{}]
        """What the names stand for: once where all answers that depend on them have that in common, else of each."""
        records = {name for name, column in self._columns.items() if _is_of_floats(column, count)}
        for name, column in self._columns.items():
            if name not in records:
                check_length(name, column, count)
        if count and (kind.sized_by or not known):
            self._bind()
        self.sent = [
            ["records", list(column), np.array(list(column.values())).T] if name in records
            else _sent(kind.arguments[name], column) for name, column in self._columns.items()
        ]  # fmt: skip
        """What crosses for each column, see adrs.sandbox.inside.spread."""

    def check(self, answer: Any, rows: Sequence[int] | None = None) -> Any:
        """The checked answers of all scenarios or of some, stacked; where shapes differ, a list of arrays.

        None of a function that the program leaves out. Raises Invalid where one is not what the interface says in its
        own scenario.
        """
        if answer is None and self.kind.optional:
            return None
        kind, name = self.kind.returns, self.kind.name
        rows = range(self.count) if rows is None else rows
        if len(self._sizes) == 1 and len(rows):
            # All at once is fast. Where that fails, single ones may still be good, as a list beside an array, and
            # what is said of a bad one names its row.
            with contextlib.suppress(Invalid):
                return checked(kind, answer, self._sizes[0], name, len(rows))
        parts = zip(rows, _parts(answer, len(rows), name), strict=True)
        return _stacked(kind, [checked(kind, part, self._of(row), f"row {row}: {name}") for row, part in parts])

    def _bind(self) -> None:
        self._sizes = [self._row(0)]
        kinds, names = self.kind.arguments, self.kind.sized_by
        if names and any(_varies(kinds[name], name, column, names) for name, column in self._columns.items()):
            self._sizes += [self._row(row) for row in range(1, self.count)]

    def _row(self, row: int) -> Sizes:
        sizes: Sizes = {}
        for name, column in self._columns.items():
            bind(self.kind.arguments[name], _pick(column, row), sizes, name)
        return sizes

    def _of(self, row: int) -> Sizes:
        return self._sizes[row if len(self._sizes) > 1 else 0]


def _sent(kind: Type, column: Any) -> list[Any]:
    if isinstance(column, Shared):
        return ["same", listed(kind, column.value)]
    if isinstance(column, dict) and any(isinstance(field, Shared) for field in column.values()):
        return _fields(kind, column)
    is_list = isinstance(kind, ValueType) and kind.base == "float" and kind.dims is not None
    if is_list and isinstance(column, np.ndarray) and column.dtype == np.float64:
        return ["lists", column]
    if isinstance(kind, Mapping) and isinstance(column, list):
        return ["rows", [listed(kind, record) for record in column]]
    return ["rows", listed(kind, column)]


def _fields(kind: Type, column: dict[str, Any]) -> list[Any]:
    """Fields of which some are shared."""
    kinds = kind if isinstance(kind, Mapping) else dict.fromkeys(column, kind)
    own: dict[str, Any] = {}
    shared: dict[str, Any] = {}
    for key, field in column.items():
        if isinstance(field, Shared):
            shared[key] = listed(kinds[key], field.value)
        else:
            own[key] = listed(kinds[key], field)
    return ["fields", own, shared] if own else ["same", shared]


def _is_of_floats(column: Any, length: int) -> bool:
    """Whether it is a dict of fields, and all are float64[length]; quick, since it is asked of every batch."""
    if not isinstance(column, dict):
        return False
    fields = column.values()
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


def _varies(kind: Type, name: str, column: Any, needed: frozenset[str]) -> bool:
    """Whether a column that fits its kind may say of the needed names what it does not say in the first scenario."""
    if isinstance(kind, Mapping):
        by_field = isinstance(column, dict) and any(_varies(kind[key], key, column[key], needed) for key in column)
        return by_field or isinstance(column, list)
    dims = kind.dims if isinstance(kind, ValueType) else None
    if needed.isdisjoint(dims or (name,)) or not isinstance(column, COLUMN):
        return False
    if isinstance(column, np.ndarray):
        return dims is None and bool((column != column[0]).any())
    if dims is None:
        return any(value != column[0] for value in column)
    return len({len(value) if len(dims) == 1 else np.shape(value) for value in column}) > 1


def _pick(column: Any, row: int) -> Any:
    """The value of one scenario."""
    if isinstance(column, Shared):
        return column.value
    if isinstance(column, dict):
        return {name: _pick(field, row) for name, field in column.items()}
    value = column[row] if isinstance(column, COLUMN) else column
    return value.item() if isinstance(value, np.generic) else value


def _parts(answer: Any, count: int, name: str) -> list[Any]:
    """What was answered in each scenario, out of one value for each or of a dict of such. Raises Invalid."""
    if isinstance(answer, dict) and answer:
        columns = [_parts_of_one(column, count, f"{name}[{key!r}]") for key, column in answer.items()]
        return [dict(zip(answer, row, strict=True)) for row in zip(*columns, strict=True)]
    return _parts_of_one(answer, count, name)


def _parts_of_one(answer: Any, count: int, name: str) -> list[Any]:
    if isinstance(answer, np.ndarray) and answer.ndim:
        answer = answer.tolist() if answer.ndim == 1 else list(answer)
    if not isinstance(answer, list) or len(answer) != count:
        raise Invalid("shape", f"{name} must return one answer for each of {count} scenarios")
    return answer


def _stacked(kind: Type, answers: Sequence[Any]) -> Any:
    """Checked answers with the scenarios along a first axis."""
    if isinstance(kind, tuple):
        return tuple(_stacked(field, [answer[place] for answer in answers]) for place, field in enumerate(kind))
    if not isinstance(kind, ValueType):
        return {key: _stacked(field, [answer[key] for answer in answers]) for key, field in kind.items()}
    differ = kind.dims is not None and len({np.shape(answer) for answer in answers}) > 1
    if kind.base == "str" or kind.optional or differ:
        return [*answers]
    return np.array(answers, dtype=kind.dtype)
