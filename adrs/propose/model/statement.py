"""What the statement of a problem is rendered from: the problem, its helper libraries, and how its values look."""

from collections.abc import Iterator, Mapping
from typing import Any

from adrs.interface import Type, ValueType
from adrs.problem import Problem
from adrs.propose.model.helpers import describe

_LISTS = ("float", "str", "data")


def values(problem: Problem) -> dict[str, Any]:
    """Values for the template `_problem`."""
    functions = problem.functions.values()
    types = [kind for each in functions for kind in _types((*each.arguments.values(), each.returns))]
    shaped = {kind.base for kind in types if kind.dims is not None}
    arrays = bool(shaped - {*_LISTS})
    return {"problem": problem, "helpers": describe(problem), "lists": "float" in shaped, "arrays": arrays}


def _types(kinds: tuple[Type, ...]) -> Iterator[ValueType]:
    for kind in kinds:
        if isinstance(kind, ValueType):
            yield kind
        else:
            yield from _types(tuple(kind.values()) if isinstance(kind, Mapping) else kind)
