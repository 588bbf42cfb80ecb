"""Symbolic regression by Operon: expressions that fit targets, from the shortest to the best.

Operon: Burlacu, Kronberger and Kommenda, GECCO 2020. The searches are repeatable: fixed generations, one thread, one
seed; a limit in seconds would make the result depend on the machine's load.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs.distill.symbolic.trees import read_tree
from adrs.errors import UserError
from adrs.rule.form import Expression
from adrs.rule.interpret import value

Floats = NDArray[np.float64]

SYMBOLS = ("add", "sub", "mul", "aq", "fmin", "fmax", "constant", "variable")
INSTALL = "pip install 'adrs[distill]'"
_UNLIMITED = 10**9


@dataclass(frozen=True)
class Effort:
    """How hard to look."""

    population: int = 500
    generations: int = 60
    local_steps: int = 5
    """Of least squares on the constants of each expression that is bred; what they find is inherited."""
    depth: int = 10
    rows: int = 2000
    """That are fitted on, evenly spread over all."""


def require() -> None:
    """Raises UserError where the search engine is not installed."""
    try:
        import pyoperon.sklearn  # noqa: F401
        import scipy.optimize  # noqa: F401
        import sympy  # noqa: F401
    except ImportError as error:
        raise UserError(f"symbolic search needs {error.name}, which is not installed: {INSTALL}") from None


def search(
    columns: Floats,
    targets: Floats,
    variables: Sequence[Expression],
    length: int,
    seed: int,
    effort: Effort,
) -> list[Expression]:
    """The whole front of length against fit, the shortest first; the same arguments give the same expressions.

    columns: float64[rows, variables]; what a variable stands for takes its place in the expressions.
    targets: float64[rows]; length: the most nodes, without the offset and scale that the engine adds outside.
    Members that are not finite on all rows are left out. Raises UserError without
    the engine.
    """
    require()
    chosen = np.unique(np.linspace(0, len(targets) - 1, min(effort.rows, len(targets))).round().astype(np.int64))
    fitted = _fit(columns[chosen], targets[chosen], length, seed, effort)
    places = {key: int(name[1:]) - 1 for key, name in fitted.variables_.items()}  # printed variables count from 1
    named = {key: variables[place] for key, place in places.items()}
    column_of = {variable: place for place, variable in enumerate(variables)}
    found = []
    for member in fitted.pareto_front_:
        try:
            expression = read_tree(member["tree"].Nodes, named)
        except ValueError:  # a constant that is not finite
            continue
        if np.isfinite(value(expression, lambda each: columns[:, column_of[each]], len(columns))).all():
            found.append(expression)
    return found


def _fit(columns: Floats, targets: Floats, length: int, seed: int, effort: Effort) -> Any:
    from pyoperon.sklearn import SymbolicRegressor

    regressor = SymbolicRegressor(
        allowed_symbols=",".join(SYMBOLS), objectives=["r2", "length"], epsilon=1e-4,
        optimizer_iterations=effort.local_steps, local_search_probability=1.0, lamarckian_probability=1.0,
        max_length=length, max_depth=effort.depth, population_size=effort.population, pool_size=effort.population,
        generations=effort.generations, max_evaluations=_UNLIMITED, n_threads=1, random_state=seed,
    )  # fmt: skip
    try:
        return regressor.fit(columns, targets)
    except ValueError:  # it asks for the best of a front that may be empty: where nothing varies, or all fit alike
        if getattr(regressor, "pareto_front_", None) != []:
            raise
        return regressor
