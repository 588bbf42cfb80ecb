"""What an evaluator may ask of a policy; where it asks for something else, a sentence for its author."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from adrs.errors import did_you_mean
from adrs.interface import FunctionType

COLUMN = (np.ndarray, list)
"""What has one value for each scenario; all else is one for all."""


def function_called(functions: Mapping[str, FunctionType], name: str, arguments: Sequence[Any]) -> FunctionType:
    """The function of that name. Raises ValueError where there is none, or it takes another number of arguments."""
    if name not in functions:
        raise ValueError(f'the interface has no function "{name}"{did_you_mean(name, functions)}')
    kind = functions[name]
    if len(arguments) != len(kind.crossing):
        expected = ", ".join(kind.crossing) or "none"
        raise ValueError(f"{name} is called with {len(arguments)} arguments; the interface says: {expected}")
    return kind


@contextlib.contextmanager
def noting(where: str) -> Iterator[None]:
    """Whatever is raised says in a note where that was."""
    try:
        yield
    except BaseException as error:
        error.add_note(where)
        raise


def check_length(name: str, column: Any, scenarios: int) -> None:
    """Raises ValueError where a column, or a field of it, has not one value for each scenario that is asked."""
    if isinstance(column, dict):
        for key, field in column.items():
            check_length(f"{name}[{key!r}]", field, scenarios)
    elif isinstance(column, COLUMN) and len(column) != scenarios:
        asked = "1 scenario is" if scenarios == 1 else f"{scenarios} scenarios are"
        raise ValueError(
            f"column {name} has {len(column)} rows, and {asked} asked: policy.reset(seed, scenarios) says how many "
            "there are, and the argument scenarios which of them are asked"
        )
