"""What an interface shows to a program, as far as edits can use it: numbers, and what is decided on."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from adrs.interface import FunctionType, Type, ValueType

_NOT_NUMBERS = ("bool", "str", "data", "state", "model", "nothing")
_NO_QUANTITY = "seed"
"""The name by convention of a field for a policy's own draws."""
_INDEX = re.compile(r"([A-Za-z_]\w*)\s*-\s*1")
_OF_ROWS = (".sum()", ".max()")
_LONGEST = 64
"""Entries of an array of fixed length that are quantities each by itself."""


@dataclass(frozen=True)
class Quantity:
    """A number that a program may read, or an array of them."""

    argument: str
    code: str
    size: int | str | None
    """None for a scalar; the fixed length of an array, or the name of its axis: one entry for each item."""
    of_row: str = ""
    """What makes one number of an entry that is an array itself, as `.sum()`."""


@dataclass(frozen=True)
class Whole:
    """The range of one whole number that a function answers with, as far as it stands in the interface itself."""

    low: int | None
    high: int | None
    axis: str = ""
    """The name of the axis into which it is an index; empty where it is a level."""

    def within(self, code: str) -> str:
        """The code of a number kept within the range."""
        code = code if self.high is None else f"min({self.high}, {code})"
        return code if self.low is None else f"max({self.low}, {code})"


@dataclass(frozen=True)
class Shown:
    """What edits know of an interface."""

    quantities: Sequence[Quantity]
    """All scalars, arrays of one axis, and what rows of larger ones come to."""
    lists: Mapping[str, str]
    """Functions that answer with one whole number for each item, and the name of that axis."""
    numbers: frozenset[str]
    """Functions that answer with one float."""
    choices: Mapping[str, str]
    """How many there are to choose from for each item, as code, by function; where such a number ends the range."""
    orders: frozenset[str] = frozenset()
    """Functions whose list may be the items in an order: its numbers go as far as there are items."""
    wholes: Mapping[str, Whole] = field(default_factory=dict)
    """Functions that answer with one whole number."""
    truths: frozenset[str] = frozenset()
    """Functions that answer with one truth value."""

    @property
    def decided_on(self) -> set[str]:
        """Axes whose items answers are about."""
        return {*self.lists.values(), *(whole.axis for whole in self.wholes.values() if whole.axis)}

    @classmethod
    def by(cls, functions: Mapping[str, FunctionType]) -> "Shown":
        """What the functions of an interface are shown."""
        found = (quantity for function in functions.values() for name, kind in function.arguments.items()
                 for quantity in _of_argument(name, kind))  # fmt: skip
        lists = {function.name: axis for function in functions.values() if (axis := _list_axis(function.returns))}
        numbers = frozenset(function.name for function in functions.values() if _is_float(function.returns))
        shown = list(dict.fromkeys(found))
        counts = {f"{_field(each)}-1": each.code for each in shown if each.size is None}
        choices = {
            function.name: counts[high] for function in functions.values() if (high := _high(function)) in counts
        }
        wholes = {function.name: whole for function in functions.values() if (whole := _whole(function.returns))}
        orders = frozenset(
            function.name for function in functions.values()
            if (axis := _list_axis(function.returns)) and _high(function) in ("", f"{axis}-1")
        )  # fmt: skip
        truths = frozenset(function.name for function in functions.values() if _is_truth(function.returns))
        return cls(shown, lists, numbers, choices, orders, wholes, truths)


def _high(function: FunctionType) -> str:
    """The end of the range of a list's whole numbers."""
    kind = function.returns
    return (kind.high or "").replace(" ", "") if isinstance(kind, ValueType) and _list_axis(kind) else ""


def _field(quantity: Quantity) -> str:
    """The name by which an interface's dimensions know a scalar."""
    return quantity.code.split('"')[1] if '"' in quantity.code else quantity.code


def _of_argument(name: str, kind: Type) -> Iterator[Quantity]:
    if isinstance(kind, ValueType):
        yield from _of_value(name, name, kind)
    elif isinstance(kind, Mapping):
        for key, value in kind.items():
            if key != _NO_QUANTITY:
                yield from _of_value(name, f'{name}["{key}"]', value)


def _of_value(argument: str, code: str, kind: ValueType) -> Iterator[Quantity]:
    if kind.base in _NOT_NUMBERS or kind.optional:
        return
    if kind.dims is None:
        yield Quantity(argument, code, None)
    elif len(kind.dims) == 1:
        size = int(kind.dims[0]) if kind.dims[0].isdigit() else kind.dims[0]
        if isinstance(size, str) or 0 < size <= _LONGEST:
            yield Quantity(argument, code, size)
    elif not kind.dims[0].isdigit():
        yield from (Quantity(argument, code, kind.dims[0], made) for made in _OF_ROWS)


def _is_float(kind: Type) -> bool:
    return isinstance(kind, ValueType) and kind.base.startswith("float") and kind.dims is None


def _is_truth(kind: Type) -> bool:
    return isinstance(kind, ValueType) and kind.base == "bool" and kind.dims is None and not kind.optional


def _whole(kind: Type) -> Whole | None:
    """The range of one whole number, None for anything else and where None is an answer too."""
    if not isinstance(kind, ValueType) or kind.base != "int" or kind.dims is not None or kind.optional:
        return None
    low, high = _literal(kind.low), _literal(kind.high)
    index = _INDEX.fullmatch(kind.high or "") if low == 0 else None
    return Whole(low, high, index[1] if index else "")


def _literal(end: str | None) -> int | None:
    return int(end) if end is not None and end.removeprefix("-").isdigit() else None


def _list_axis(kind: Type) -> str:
    """The axis of an array of whole numbers, empty for anything else."""
    if isinstance(kind, ValueType) and kind.dims is not None and len(kind.dims) == 1 and "int" in kind.base:
        return kind.dims[0]
    return ""
