"""The interface of a policy: types of arguments and answers, and the checks on the trusted side.

A type is written as `TYPE`, `TYPE[dim, dim]`, with an optional range and a note after a comma:

    int64[models] in 0..gpus-1, the GPU of each model
    float, GB
    float[n]
    str[n]
    int? in 10..4000, None is unlimited
    state
    model
    data[models], list of {name, price}

`state` and `model` never cross. As an argument, `state` is the scenario's own value (a dict at first) and `model` the
program's (None at first); a function that returns one of them replaces it, and what one returns that returns
`nothing` is dropped. `data` is any plain value, for arguments only. A `?` allows None.

`float[n]` and `str[n]` are lists, arrays are written with a dtype.

A dimension or a range end is a whole number, a name, or a name with `+`, `-` or `*` and a whole number or name; an end
may also be any number, such as `0.5`.
A name stands for an integer argument (or field of a dict argument) of that name, or for an axis of an argument;
it is bound by the first array that has it, and every later use must agree.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from adrs.errors import UserError
from adrs.evaluation import Invalid

_SCALARS = ("int", "float", "bool", "str")
_NUMBERS = ("int", "float", "bool")
_DTYPES = (
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "bool",
)  # fmt: skip
_KEPT = ("state", "model", "nothing")
_TYPE = re.compile(
    r"^(?P<base>[a-z]+\d*)(?P<optional>\?)?\s*(?:\[(?P<dims>[^\]]*)\])?\s*"
    r"(?:in\s+(?P<low>.+?)\s*\.\.\s*(?P<high>.+))?$"
)
_TERM = re.compile(r"^(-?\d+|[A-Za-z_]\w*)(?:\s*([-+*])\s*(\d+|[A-Za-z_]\w*))?$")
_NUMBER = re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$")
_MOST_AXES = 16

Sizes = dict[str, int]


@dataclass(frozen=True)
class ValueType:
    """One scalar, string list, array, plain value or what stays with the program."""

    base: str
    """`int`, `float`, `bool`, `str`, `data`, `state`, `model`, `nothing`, or a numpy dtype name."""
    dims: tuple[str, ...] | None = None
    """Symbolic axes of an array (or of a list of strings), None for a scalar."""
    low: str | None = None
    high: str | None = None
    note: str = ""
    optional: bool = False
    """Whether None will do."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers of an answer."""
        return np.dtype({"int": "int64", "float": "float64"}.get(self.base, self.base))

    @property
    def is_kept(self) -> bool:
        """Whether the value stays in the policy's process and never crosses."""
        return self.base in _KEPT

    def __str__(self) -> str:
        text = self.base + ("?" if self.optional else "")
        text += "" if self.dims is None else f"[{', '.join(self.dims)}]"
        return text if self.low is None else f"{text} in {self.low}..{self.high}"


RecordType = Mapping[str, ValueType]
"""A dict with the named fields."""
TupleType = tuple[ValueType, ...]
"""A tuple (or list) of values, for answers only."""
Type = ValueType | RecordType | TupleType


@dataclass(frozen=True)
class FunctionType:
    """One function that a program must define at module level."""

    name: str
    doc: str
    arguments: Mapping[str, Type]
    returns: Type
    optional: bool = False
    """A program may leave it out; then calls of it do nothing, and answer None."""

    @cached_property
    def crossing(self) -> list[str]:
        """Names of the arguments that are sent, in order: all but those that stay with the program."""
        return [name for name, kind in self.arguments.items() if not _kept(kind)]

    @cached_property
    def sized_by(self) -> frozenset[str]:
        """Names of what shapes and ranges of its answers depend on."""
        return frozenset(mentioned(self.returns))

    @property
    def keeps(self) -> str:
        """`state`, `model` or `nothing` where the answer stays with the program, else an empty text."""
        return _kept(self.returns)

    @property
    def is_numeric(self) -> bool:
        """Whether a single number is answered to single numbers."""
        sent = [self.arguments[name] for name in self.crossing]
        types = [kind for each in sent for kind in (each.values() if isinstance(each, Mapping) else [each])]
        return all(
            isinstance(kind, ValueType) and kind.dims is None and kind.base in _NUMBERS
            for kind in (*types, self.returns)
        )

    def roles(self) -> dict[str, Any]:
        """What the policy's process must know of it, as plain data."""
        arguments = [_kept(kind) for kind in self.arguments.values()]
        return {"arguments": arguments, "keeps": self.keeps, "optional": self.optional}

    def signature(self) -> str:
        """The line that a program starts the function with."""
        return f"def {self.name}({', '.join(self.arguments)}):"


def _kept(kind: Type) -> str:
    return kind.base if isinstance(kind, ValueType) and kind.is_kept else ""


def parse_type(text: str, where: str) -> ValueType:
    """Read one type; raises UserError that names `where`."""
    head, _, note = _split_note(text)
    match = _TYPE.match(head.strip())
    if match is None:
        raise UserError(f'{where}: "{text}" is not a type; write for example "float64[models] in 0..1, GB"')
    base = match["base"]
    known = dict.fromkeys((*_SCALARS, *_DTYPES, *_KEPT, "data"))
    if base not in known:
        raise UserError(f'{where}: unknown type "{base}"; known: {", ".join(known)}')
    dims = None if match["dims"] is None else tuple(part.strip() for part in match["dims"].split(",") if part.strip())
    for term in dims or ():
        if not _TERM.match(term):
            raise UserError(f'{where}: "{term}" is not a dimension; write a number, a name, or a name with + - * ')
    for term in (match["low"], match["high"]):
        if term is not None and not (_TERM.match(term.strip()) or _NUMBER.match(term.strip())):
            raise UserError(f'{where}: "{term}" is not the end of a range; write a number or a name')
    if base in _DTYPES and base not in _SCALARS and dims is None:
        raise UserError(f'{where}: "{base}" needs dimensions, for example "{base}[n]"')
    if match["optional"] and (dims is not None or base not in _SCALARS):
        raise UserError(f'{where}: "{text}": only a single {", ".join(_SCALARS)} may be left out with "?"')
    if base in ("int", *_KEPT) and dims is not None:
        raise UserError(f'{where}: "{base}" takes no dimensions; arrays are written with a dtype such as "float64[n]"')
    if base == "float" and dims is not None and len(dims) != 1:
        raise UserError(f'{where}: "{base}" takes one dimension, as a list; arrays are written "float64[n, m]"')
    low = None if match["low"] is None else match["low"].strip()
    high = None if match["high"] is None else match["high"].strip()
    return ValueType(base, dims, low, high, note.strip(), match["optional"] is not None)


def _split_note(text: str) -> tuple[str, str, str]:
    """Split at the first comma outside brackets."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            return text[:index], ",", text[index + 1 :]
    return text, "", ""


def bind(kind: Type, value: Any, sizes: Sizes, name: str) -> None:
    """Learn from one argument what its names stand for; raises ValueError where the evaluator breaks the interface."""
    if isinstance(kind, tuple):
        raise ValueError(f"{name} is a tuple, which only answers can be")
    if not isinstance(kind, ValueType):
        if not isinstance(value, Mapping):
            raise ValueError(f"{name} must be a dict with the fields {', '.join(kind)}, not {_describe(value)}")
        if set(value) != set(kind):
            raise ValueError(
                f"{name} must have the fields {', '.join(kind)}, not {', '.join(map(str, value)) or 'none'}"
            )
        for key, field in kind.items():
            if isinstance(field, ValueType) and field.dims is None:
                bind(field, value[key], sizes, key)
        for key, field in kind.items():
            if isinstance(field, ValueType) and field.dims is not None:
                bind(field, value[key], sizes, key)
        return
    if kind.base == "int" and isinstance(value, int | np.integer):
        sizes.setdefault(name, int(value))
    elif kind.dims is not None:
        shape = (len(value),) if kind.base in ("str", "data") else np.shape(value)
        if len(shape) != len(kind.dims):
            raise ValueError(f"{name} has {len(shape)} axes, the interface says {kind}")
        for term, length in zip(kind.dims, shape, strict=True):
            if term.isidentifier():
                if sizes.setdefault(term, length) != length:
                    raise ValueError(f"{name}: {term} is {length} here and {sizes[term]} before")
            elif resolve(term, sizes) != length:
                raise ValueError(f"{name}: axis {term} has length {length}, expected {resolve(term, sizes)}")


def bound(arguments: Mapping[str, Type]) -> set[str]:
    """Names that stand for a number once the arguments of a call are known: of dimensions, and of whole numbers."""
    fields = [(key, field) for name, kind in arguments.items()
              for key, field in (kind.items() if isinstance(kind, Mapping) else [(name, kind)])]  # fmt: skip
    values = [(key, field) for key, field in fields if isinstance(field, ValueType)]
    whole = {key for key, field in values if field.base == "int" and field.dims is None}
    return whole | {term for _, field in values for term in field.dims or () if term.isidentifier()}


def mentioned(kind: Type) -> list[str]:
    """Names in the dimensions and ranges of a type, in order."""
    if not isinstance(kind, ValueType):
        return [name for field in (kind if isinstance(kind, tuple) else kind.values()) for name in mentioned(field)]
    terms = [
        _TERM.match(term) for term in (*(kind.dims or ()), kind.low, kind.high) if term and not _NUMBER.match(term)
    ]
    return [part for term in terms if term is not None for part in term.groups() if part and part.isidentifier()]


def listed(kind: Type, value: Any) -> Any:
    """What crosses for one argument, or for a column of it: lists of floats where the type is such a list."""
    if isinstance(kind, Mapping):
        return {name: listed(field, value[name]) for name, field in kind.items()}
    is_list = isinstance(kind, ValueType) and kind.base == "float" and kind.dims is not None
    if is_list and isinstance(value, list):
        return [entry.tolist() if isinstance(entry, np.ndarray) else entry for entry in value]
    return value.tolist() if is_list and hasattr(value, "tolist") else value


def resolve(term: str, sizes: Sizes) -> float:
    """The number that a dimension or an end of a range stands for."""
    if _NUMBER.match(term):
        return float(term) if any(mark in term for mark in ".eE") else int(term)
    match = _TERM.match(term)
    if match is None:
        raise ValueError(f"{term!r} is not a dimension")
    left, operator, right = match.groups()
    first = int(left) if left.lstrip("-").isdigit() else sizes[left]
    if operator is None:
        return first
    second = int(right) if right.isdigit() else sizes[right]
    return {"+": first + second, "-": first - second, "*": first * second}[operator]


def check(kind: Type, answer: Any, sizes: Sizes, function: str, scenarios: int | None = None) -> Any:
    """Check an answer and return it in the declared dtype and shape.

    Order: type, dtype kind, shape, finiteness, range. With `scenarios`, an axis of that length comes first.
    Raises Invalid; nothing is repaired but a list that becomes an array without loss.
    """
    if isinstance(kind, tuple):
        return _check_tuple(kind, answer, sizes, function, scenarios)
    if isinstance(kind, ValueType):
        return _check_value(kind, answer, sizes, function, scenarios)
    if not isinstance(answer, dict):
        raise Invalid("type", f"{function} must return a dict, not {_describe(answer)}")
    if set(answer) != set(kind):
        raise Invalid("type", f"{function} must return the fields {sorted(kind)}, not {sorted(map(str, answer))}")
    return {key: check(field, answer[key], sizes, f"{function}[{key!r}]", scenarios) for key, field in kind.items()}


def _check_tuple(kind: TupleType, answer: Any, sizes: Sizes, function: str, scenarios: int | None) -> tuple[Any, ...]:
    """The checked fields, each with the scenarios stacked where there are some."""
    rows = [answer] if scenarios is None else answer
    if isinstance(rows, np.ndarray) and rows.ndim == 1:
        raise Invalid("type", f"{function} must return a tuple of {len(kind)}, not single numbers")
    if not isinstance(rows, list | tuple) or (scenarios is not None and len(rows) != scenarios):
        raise Invalid("shape", f"{function} must return one answer for each of {scenarios} scenarios")
    for row in rows:
        if not isinstance(row, list | tuple):
            raise Invalid("type", f"{function} must return a tuple of {len(kind)}, not {_describe(row)}")
        if len(row) != len(kind):
            raise Invalid("shape", f"{function} must return a tuple of {len(kind)}, not of {len(row)}")
    columns: Sequence[Any] = answer if scenarios is None else [list(column) for column in zip(*rows, strict=True)]
    return tuple(
        check(field, value, sizes, f"{function}[{index}]", scenarios)
        for index, (field, value) in enumerate(zip(kind, columns, strict=False))
    )


def _check_optional(kind: ValueType, answer: Any, sizes: Sizes, function: str, scenarios: int | None) -> Any:
    """The checked value or values, None where there is none."""
    present = replace(kind, optional=False)
    if scenarios is None:
        return None if answer is None else _check_value(present, answer, sizes, function, None)
    if not isinstance(answer, list | tuple | np.ndarray) or len(answer) != scenarios:
        raise Invalid("shape", f"{function} must return one answer for each of {scenarios} scenarios")
    given = [value for value in answer if value is not None]
    checked = iter(_check_value(present, given, sizes, function, len(given)).tolist() if given else [])
    return [None if value is None else next(checked) for value in answer]


def _check_value(kind: ValueType, answer: Any, sizes: Sizes, function: str, scenarios: int | None) -> Any:
    if kind.optional:
        return _check_optional(kind, answer, sizes, function, scenarios)
    if kind.base == "str":
        return _check_text(kind, answer, sizes, function, scenarios)
    shape = () if kind.dims is None else tuple(int(resolve(term, sizes)) for term in kind.dims)
    if scenarios is not None:
        shape = (scenarios, *shape)
    dtype = kind.dtype
    if shape == () and isinstance(answer, list | tuple | dict | str | bytes | None):
        raise Invalid("type", f"{function} must return {kind}, not {_describe(answer)}")
    array = _as_array(kind, answer, dtype, function)
    if array.shape != shape:
        raise Invalid("shape", f"{function} returned shape {list(array.shape)}, expected {list(shape)}")
    if dtype.kind == "f" and not np.isfinite(array).all():
        _first(~np.isfinite(array), array, "finiteness", function, "is not finite")
    if kind.low is not None and kind.high is not None:
        low, high = resolve(kind.low, sizes), resolve(kind.high, sizes)
        _first((array < low) | (array > high), array, "range", function, f"is outside {low}..{high}")
    if dtype.kind in "iu" or dtype == np.float32:
        limits = np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(dtype)
        _first((array < limits.min) | (array > limits.max), array, "range", function, f"does not fit {dtype}")
    converted = array.astype(dtype)
    return converted.item() if shape == () else converted


def _as_array(kind: ValueType, answer: Any, dtype: np.dtype[Any], function: str) -> np.ndarray:
    array = answer if isinstance(answer, np.ndarray) else _from_plain(kind, answer, dtype, function)
    kinds = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}[dtype.kind]
    if array.dtype.kind not in kinds:
        raise Invalid("dtype", f"{function} returned an array of {array.dtype}, expected {kind}")
    return array


def _from_plain(kind: ValueType, answer: Any, dtype: np.dtype[Any], function: str) -> np.ndarray:
    """Numbers and nested lists of numbers become an array; anything else is Invalid."""
    allowed, widest = {"f": ((int, float), np.float64), "b": ((bool,), np.bool_)}.get(dtype.kind, ((int,), np.int64))
    shape: list[int] = []
    level = [answer]
    while level and isinstance(level[0], list | tuple):
        shape.append(len(level[0]))
        if len(shape) > _MOST_AXES:
            raise Invalid("shape", f"{function} returned a list nested more than {_MOST_AXES} deep")
        if not all(isinstance(item, list | tuple) and len(item) == shape[-1] for item in level):
            raise Invalid("shape", f"{function} returned a ragged list")
        level = [element for item in level for element in item]
    for index, element in enumerate(level):
        if not isinstance(element, allowed) or (isinstance(element, bool) and dtype.kind != "b"):
            rule = "type" if not isinstance(element, int | float | bool) else "dtype"
            raise Invalid(rule, f"{function} must return {kind}; element {index} is {_describe(element)}")
    try:
        return np.array(level, dtype=widest).reshape(shape)
    except OverflowError:
        raise Invalid("range", f"{function} returned an integer that does not fit 64 bits") from None


def _check_text(kind: ValueType, answer: Any, sizes: Sizes, function: str, scenarios: int | None) -> Any:
    shape = [] if kind.dims is None else [int(resolve(term, sizes)) for term in kind.dims]
    if scenarios is not None:
        shape = [scenarios, *shape]

    def descend(value: Any, axes: list[int]) -> None:
        if not axes:
            if not isinstance(value, str):
                raise Invalid("type", f"{function} must return {kind}, not {_describe(value)}")
        elif not isinstance(value, list) or len(value) != axes[0]:
            raise Invalid("shape", f"{function} must return a list of {axes[0]}, not {_describe(value)}")
        else:
            for item in value:
                descend(item, axes[1:])

    descend(answer, shape)
    return answer


def _first(bad: Any, array: np.ndarray, rule: str, function: str, text: str) -> None:
    """Raise Invalid for the first offending element."""
    if not np.any(bad):
        return
    if array.shape == ():
        raise Invalid(rule, f"{function} returned {array.item()!r}, which {text}")
    flat = int(np.argmax(np.ravel(bad)))
    index = [int(i) for i in np.unravel_index(flat, array.shape)]
    raise Invalid(rule, f"{function}: value {np.ravel(array)[flat].item()!r} at index {index} {text}")


def _describe(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, bool | int | float):
        return f"{type(value).__name__} {str(value)[:40]}"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} with shape {list(value.shape)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return f"a value of type {type(value).__name__}"
