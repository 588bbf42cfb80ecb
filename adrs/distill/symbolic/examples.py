"""Recorded decisions as a table to fit on: one column a terminal, one target a row, split by link."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from adrs.distill.record import Samples
from adrs.errors import UserError
from adrs.rule.form import Expression, Inputs, Terminal
from adrs.rule.interpret import Floats, reduced, transformed, value

ROWS_OF_LINK = 100
"""At most, so that long links do not rule."""
_HELD_OUT = 0.25
_WORKLOADS = 4
"""From so many on, whole workloads are held out: flows of one workload may share a link."""


@dataclass(frozen=True)
class Examples:
    """What a teacher saw, reduced, and what it answered."""

    terminals: tuple[Terminal, ...]
    columns: Floats
    """[rows, terminals]."""
    targets: Floats
    """[rows]."""
    group: NDArray[np.int64]
    """[rows]: rows of one group are nearly copies of each other, and stay on one side of a split."""
    derived: tuple[Expression, ...] = ()
    """What may stand in an expression as if it were a terminal."""

    def __len__(self) -> int:
        return len(self.targets)

    def column(self, terminal: Terminal) -> Floats:
        """Values of a terminal, float64[rows]."""
        return self.columns[:, self.terminals.index(terminal)]

    def value(self, expression: Expression) -> Floats:
        """An expression on all rows."""
        return value(expression, self.column, len(self))

    @property
    def variables(self) -> tuple[Expression, ...]:
        """All that a search may use."""
        return (*self.terminals, *self.derived)

    @property
    def matrix(self) -> Floats:
        """Values of the variables, [rows, variables]."""
        return np.column_stack([self.columns, *(self.value(each) for each in self.derived)])

    def take(self, rows: NDArray[np.bool_]) -> "Examples":
        """Only some rows."""
        return replace(self, columns=self.columns[rows], targets=self.targets[rows], group=self.group[rows])

    def split(self, seed: int) -> "tuple[Examples, Examples]":
        """Three quarters to fit on and one to test on, by group. Raises UserError for less than two groups."""
        groups = np.unique(self.group)
        if len(groups) < 2:
            raise UserError("recorded decisions of a single link cannot be split; record on more workloads")
        count = max(1, round(_HELD_OUT * len(groups)))
        held = np.isin(self.group, np.random.default_rng(seed).permutation(groups)[:count])
        return self.take(~held), self.take(held)


def make_examples(samples: Samples, inputs: Inputs, derived: tuple[Expression, ...] = ()) -> Examples:
    """The table of samples of a function that takes `inputs` as one row; at most 100 rows a link, evenly spaced."""
    (rows,) = samples.observations.values()
    history = transformed(inputs, rows.reshape(len(rows), inputs.window, len(inputs.features)).astype(np.float64))
    kept = _thinned(samples.flow)
    columns = np.stack([reduced(history[kept], terminal) for terminal in inputs.terminals], axis=1)
    group = samples.workload if len(samples.workloads) >= _WORKLOADS else samples.flow
    return Examples(inputs.terminals, columns, samples.answers[kept], group[kept], derived)


def _thinned(flow: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the rows that are kept, in order."""
    starts = np.flatnonzero(np.diff(flow, prepend=-1))
    kept = []
    for rows in np.split(np.arange(len(flow)), starts[1:]):
        places = np.linspace(0, len(rows) - 1, min(len(rows), ROWS_OF_LINK)).round().astype(np.int64)
        kept.append(rows[places])
    return np.concatenate(kept)


def joined(parts: "list[Examples]") -> Examples:
    """Tables of the same terminals one after the other; groups are counted on."""
    groups, before = [], 0
    for part in parts:
        groups.append(part.group + before)
        before += int(part.group.max()) + 1
    return Examples(
        parts[0].terminals, np.concatenate([part.columns for part in parts]),
        np.concatenate([part.targets for part in parts]), np.concatenate(groups), parts[0].derived,
    )  # fmt: skip


def r_squared(found: Floats, targets: Floats) -> float:
    """1 - squared error / variance; minus infinity where something found is not finite."""
    if not np.isfinite(found).all():
        return float("-inf")
    spread = float(((targets - targets.mean()) ** 2).sum())
    error = float(((found - targets) ** 2).sum())
    return 1.0 - error / spread if spread > 0 else float(error == 0)
