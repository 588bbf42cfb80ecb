"""What a program keeps between calls, written as a function of what it was shown lately, where it is one.

A number in its state that is a linear function of the last window of observations is known to a rule as well: it stands
for a weighted sum of terminals. The program is asked for its entries in the sandbox; here its source is parsed alone.
"""

import ast
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from adrs.distill.record import Samples, replay
from adrs.distill.symbolic.controls import pursuits
from adrs.distill.symbolic.examples import Examples, make_examples, r_squared
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.interface import FunctionType, ValueType
from adrs.rule.form import Expression, Inputs
from adrs.rule.interpret import Floats, transformed

Rows = NDArray[np.bool_]

LEAST_FIT = 0.99
"""R2 on flows that were not fitted on."""
_LINEAR = ("last", "previous", "mean", "slope")
"""Reducers that are linear functions of a history."""
_MOST_KEYS = 16
_READERS = ("get", "setdefault", "pop")
_PROBE = """

_adrs_probed = {function}


def {function}({arguments}):
    _adrs_probed({arguments})
    try:
        kept = {state}.get({key!r})
    except AttributeError:
        return 0.0
    number = type(kept) in (int, float) and -1e9 < kept < 1e9
    return float(kept) if number else 0.0
"""


@dataclass(frozen=True)
class Entry:
    """A number that a program keeps."""

    key: str | int
    fit: float
    """R2 of the best linear function of the window."""
    expression: Expression | None
    """A weighted sum of terminals that reaches LEAST_FIT; None where none does."""


def keys(source: str) -> list[str | int]:
    """Constants by which a program may look something up, in the order of the source."""
    found: dict[str | int, None] = {}
    for node in ast.walk(ast.parse(source)):
        asked: ast.expr | None = None
        if isinstance(node, ast.Subscript):
            asked = node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _READERS:
            asked = node.args[0] if node.args else None
        if isinstance(asked, ast.Constant) and isinstance(asked.value, str | int):
            found[asked.value] = None
    return list(found)


def kept_in(function: FunctionType) -> str | None:
    """The argument that is the program's own between calls; None where there is none."""
    arguments = function.arguments.items()
    return next((name for name, kind in arguments if isinstance(kind, ValueType) and kind.base == "state"), None)


def probe(source: str, function: FunctionType, state: str, key: str | int) -> str:
    """The program with an answer that is what it keeps under a key once it has decided; 0 where that is no number."""
    names = list(function.arguments)
    return source + _PROBE.format(function=function.name, arguments=", ".join(names), state=state, key=key)


async def entries(
    executor: Executor, source: str, function: FunctionType, samples: Samples, inputs: Inputs
) -> list[Entry]:
    """The numbers that vary among those that a program keeps. Raises Ended where it fails, and UserError where there
    are too many to try.

    samples: whole beginnings of flows, without gaps, of at most 100 rows each.
    """
    table, found = make_examples(samples, inputs), list[Entry]()
    (rows,) = samples.observations.values()
    raw = rows.reshape(len(rows), inputs.window, len(inputs.features)).astype(np.float64)
    window = transformed(inputs, raw).reshape(len(rows), -1)
    settled = samples.step >= inputs.window  # before, a part of the window lies before the flow
    fitted = settled & (samples.flow % 2 == 0)
    held = settled & ~fitted
    state = kept_in(function)
    if state is None:
        return []
    names = keys(source)
    if len(names) > _MOST_KEYS:
        raise UserError(
            f"the program looks up {len(names)} different things, more than the {_MOST_KEYS} that are tried"
        )
    for key in names:
        kept = await replay(executor, probe(source, function, state, key), samples)
        if kept[settled].std() > 0:
            known = replace(table, targets=kept)
            found.append(Entry(key, _linear_fit(window, kept, fitted, held), _expression(known, fitted, held)))
    return found


def _linear_fit(window: Floats, kept: Floats, fitted: Rows, held: Rows) -> float:
    """R2 of least squares on everything in the window."""
    matrix = np.column_stack([np.ones(len(window)), window])
    weights = np.linalg.lstsq(matrix[fitted], kept[fitted], rcond=None)[0]
    return r_squared(matrix[held] @ weights, kept[held])


def _expression(table: Examples, fitted: Rows, held: Rows) -> Expression | None:
    """The sum of fewest terminals that is as good as an entry must be."""
    places = [place for place, terminal in enumerate(table.terminals) if terminal.reducer in _LINEAR]
    linear = replace(
        table, terminals=tuple(table.terminals[place] for place in places), columns=table.columns[:, places]
    )
    inside, outside = linear.take(fitted), linear.take(held)
    for expression in pursuits(inside, range(1, len(places) + 1)):
        if r_squared(outside.value(expression), outside.targets) >= LEAST_FIT:
            return expression
    return None
