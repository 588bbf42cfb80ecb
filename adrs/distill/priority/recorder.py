"""Writes down by which numbers a program chooses. This text is put before the program and runs in the sandbox with it.

Calls of `adrs_recorder` stand in the rewritten program; `adrs_choices` is asked by the trusted side, which checks it.
"""

from collections.abc import Callable
from typing import Any

import numpy as adrs_numpy


class AdrsRecorder:
    """Rows of single items by choice: evenly thinned choices, and evenly thinned items of large ones."""

    def __init__(self, most_rows: int = 3000, most_items: int = 200) -> None:
        self._most_rows, self._most_items = most_rows, most_items
        self.clear()

    def clear(self) -> None:
        """Forget all rows."""
        self._choices: dict[int, list[tuple[float, list[Any]]]] = {}
        self._number = -1
        self._stride = 1
        self._rows = 0
        self._items = 0
        self._item_stride = 1
        self._open: list[list[Any]] = []

    def begin(self, given: Any = None) -> Any:
        """A choice begins; what is given is given back."""
        self._number += 1
        self._items, self._item_stride = 0, 1
        return given

    def enter(self, count: int, terms: Callable[[int], Any]) -> list[Any] | None:
        """The terms of the item whose value is asked next; None where it is not kept."""
        self._items += 1
        if self._number % self._stride or (self._items - 1) % self._item_stride:
            return None
        row: list[Any] = []
        for place in range(count):
            try:
                row.append(terms(place))
            except Exception:
                row.append(None)
        self._open.append(row)
        return row

    def term(self, place: int, value: Any) -> Any:
        """A term that is only known where it is computed."""
        if self._open:
            row = self._open[-1]
            row[place] = value
        return value

    def seen(self, row: list[Any] | None, value: Any) -> Any:
        """The value of an item."""
        if row is not None:
            while self._open and self._open.pop() is not row:
                pass
            number = self._finite(value)
            if number is not None:
                self._keep(number, row)
        return value

    def array(self, axis: int | None, count: int, terms: Callable[[int], Any], value: Any) -> Any:
        """Values of many items, in choices along an axis; one choice without one."""
        values = adrs_numpy.asarray(value)
        if values.ndim == 0 or values.dtype.kind not in "iufb" or not values.size:
            return value
        columns = [self._spread(terms, place, values.shape) for place in range(count)]
        lines = self._lines(values, axis)
        spread = [None if column is None else self._lines(column, axis) for column in columns]
        for place in range(len(lines)):
            self.begin()
            if self._number % self._stride:
                continue
            for item in range(0, lines.shape[1], 1 + (lines.shape[1] - 1) // self._most_items):
                number = self._finite(lines[place, item])
                if number is not None:
                    row = [None if column is None else column[place, item] for column in spread]
                    self._keep(number, row)
        return value

    def taken(self, rows: int, columns: int) -> dict[str, Any]:
        """At most so many rows since the last time, in whole choices, padded with group -1; they are forgotten."""
        group = adrs_numpy.full(rows, -1, dtype=adrs_numpy.int64)
        value = adrs_numpy.zeros(rows)
        terms = adrs_numpy.zeros((rows, columns))
        usable = adrs_numpy.ones(columns, dtype=bool)
        used = 0
        for number, (_, items) in enumerate(sorted(self._choices.items())):
            if len(items) < 2 or used + len(items) > rows or number >= rows:
                continue
            for found, row in items:
                group[used], value[used] = number, found
                for place in range(columns):
                    one = self._finite(row[place], most=1e100)
                    usable[place] &= one is not None
                    terms[used, place] = 0.0 if one is None else one
                used += 1
        self.clear()
        return {"group": group, "value": value, "terms": terms, "usable": usable}

    def _keep(self, value: float, row: list[Any]) -> None:
        items = self._choices.setdefault(self._number, [])
        items.append((value, row))
        self._rows += 1
        if len(items) > self._most_items:
            del items[1::2]
            self._item_stride *= 2
            self._rows = sum(map(len, self._choices.values()))
        while self._rows > self._most_rows and len(self._choices) > 1:
            self._stride *= 2
            self._choices = {number: kept for number, kept in self._choices.items() if number % self._stride == 0}
            self._rows = sum(map(len, self._choices.values()))

    @staticmethod
    def _lines(values: Any, axis: int | None) -> Any:
        return values.reshape(1, -1) if axis is None else _last(values, axis).reshape(-1, values.shape[axis])

    @staticmethod
    def _spread(terms: Callable[[int], Any], place: int, shape: tuple[int, ...]) -> Any:
        try:
            return adrs_numpy.broadcast_to(adrs_numpy.asarray(terms(place)), shape)
        except Exception:
            return None

    @staticmethod
    def _finite(value: Any, most: float = 1e300) -> float | None:
        """A number within bounds; None for anything else."""
        if not isinstance(value, int | float | adrs_numpy.number | adrs_numpy.bool_):
            return None
        try:
            number = float(value)
        except (TypeError, OverflowError):
            return None
        if number != number or (abs(number) > most and most < 1e300):
            return None
        return min(max(number, -most), most)


def _last(values: Any, axis: int) -> Any:
    return adrs_numpy.moveaxis(values, axis, -1)


adrs_recorder = AdrsRecorder()


def adrs_choices(rows: int, columns: int) -> dict[str, Any]:
    """See adrs.evaluate.choices."""
    return adrs_recorder.taken(rows, columns)
