"""What the calls of a batch get, out of columns as they cross; and what they answered, as it crosses back."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

_Row = Sequence[Any]


def spread(parts: list[Any], count: int) -> Iterable[Any]:
    """The value of each scenario, out of a way and what is sent that way:

    `same`, a value that all share; `rows`, an array, list or dict of these; `fields`, such a dict and fields that all
    share; `lists`, an array whose rows become lists; `records`, names and an array whose rows become dicts.
    """
    way, value, *more = parts
    if way == "same":
        return [value] * count
    if way == "lists":
        rows: list[Any] = value.tolist()
        return rows
    if way == "records":
        return _record_maker(tuple(value))(more[0].tolist())
    if way == "rows":
        return _rows(value, count)
    return [{**row, **more[0]} for row in _rows(value, count)]


def stack(answers: list[Any]) -> Any:
    """Answers as one value per field, stacked where they are alike; odd ones are left for the check to refuse."""
    first = answers[0] if answers else None
    if type(first) is dict and first and all(type(row) is dict and row.keys() == first.keys() for row in answers):
        return {name: _stack_arrays([answer[name] for answer in answers]) for name in first}
    return _stack_arrays(answers)


def _stack_arrays(answers: list[Any]) -> Any:
    first = answers[0] if answers else None
    if isinstance(first, np.ndarray) and all(
        isinstance(answer, np.ndarray) and answer.dtype == first.dtype and answer.shape == first.shape
        for answer in answers
    ):
        return np.stack(answers)
    return answers


def _rows(column: Any, count: int) -> Sequence[Any]:
    """Rows of an array or list, fields of a dict, or one value for all."""
    if isinstance(column, dict):
        fields = {name: _rows(value, count) for name, value in column.items()}
        return [dict(zip(fields, row, strict=True)) for row in zip(*fields.values(), strict=True)]
    if isinstance(column, np.ndarray):
        rows: Sequence[Any] = column.tolist() if column.ndim == 1 else list(column)
        return rows
    if isinstance(column, list):
        return column
    return [column] * count


@lru_cache(maxsize=16)
def _record_maker(names: tuple[str, ...]) -> Callable[[Iterable[_Row]], Iterator[dict[str, Any]]]:
    """What makes dicts of rows, one when it is asked for: code with all names in it takes half the time of `zip`."""
    values = [f"value_{place}" for place in range(len(names))]
    fields = ", ".join(f"{name!r}: {value}" for name, value in zip(names, values, strict=True))
    maker: Callable[[Iterable[_Row]], Iterator[dict[str, Any]]] = eval(
        f"lambda rows: ({{{fields}}} for {', '.join(values)}, in rows)"
    )
    return maker
