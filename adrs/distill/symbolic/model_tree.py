"""Where one expression is not enough: splits by what can be seen at run time, each side with an expression of its own.

A split is judged by linear models on both sides, as in M5 (Quinlan, AI 1992), not by constants as in CART: the leaves
are going to be expressions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adrs.distill.symbolic.examples import Examples
from adrs.rule.form import Expression, Inputs, Leaf, Node, Split, Terminal
from adrs.rule.interpret import Floats

RIDGE = 1e-3
"""Strength, on columns of unit variance and the mean squared error."""
LEAST_GAIN = 0.02
LEAST_ROWS = 500
MOST_DEPTH = 2
_DECILES = np.arange(1, 10) / 10.0


@dataclass(frozen=True)
class Branch:
    """A split without expressions yet; None stands for a leaf."""

    terminal: Terminal
    threshold: float
    below: "Branch | None" = None
    above: "Branch | None" = None

    @property
    def leaves(self) -> int:
        """How many there are."""
        return sum(1 if side is None else side.leaves for side in (self.below, self.above))

    def regions(self, examples: Examples) -> list[NDArray[np.bool_]]:
        """Which rows come to each leaf, without waiting: bool[rows] a leaf, `below` before `above`."""
        higher = examples.column(self.terminal) > self.threshold
        found = []
        for side, inside in ((self.below, ~higher), (self.above, higher)):
            found += [inside] if side is None else [inside & each for each in side.regions(examples)]
        return found

    def node(self, leaves: Iterator[Expression]) -> Node:
        """With expressions for its leaves, in order."""
        below = Leaf(next(leaves)) if self.below is None else self.below.node(leaves)
        above = Leaf(next(leaves)) if self.above is None else self.above.node(leaves)
        return Split(self.terminal, self.threshold, below, above)


@dataclass(frozen=True)
class _Candidate:
    """The best split of one region."""

    path: tuple[bool, ...]
    """Sides from the root to the region; True is above."""
    rows: NDArray[np.bool_]
    error: float
    split: Branch
    lowered: float
    """The squared error that it takes away."""


def contexts(inputs: Inputs) -> list[Terminal]:
    """What a branch may test: means over the window, or the newest values where there is none."""
    return [Terminal(place, "mean" if inputs.window > 1 else "last") for place in range(len(inputs.features))]


def grow(examples: Examples, tests: Sequence[Terminal], most_leaves: int = 4) -> list[Branch]:
    """Trees of 2, 3, ... leaves, each with one more split than the one before; empty where no split is worth it.

    The next split is the one that takes most of the squared error away. Thresholds are deciles of the region; a split
    must lower its region's error by 2 % and leave 500 rows on each side.
    """
    everything = np.ones(len(examples), dtype=bool)
    open_regions = [_best_split(examples, (), everything, tests)]
    made: dict[tuple[bool, ...], Branch] = {}
    trees: list[Branch] = []
    while len(trees) + 2 <= most_leaves:
        candidates = [each for each in open_regions if each is not None]
        if not candidates:
            break
        chosen = max(candidates, key=lambda each: each.lowered)
        open_regions = [each for each in open_regions if each is not chosen]
        made[chosen.path] = chosen.split
        trees.append(_assembled(made, ()))
        if len(chosen.path) + 1 < MOST_DEPTH:
            higher = examples.column(chosen.split.terminal) > chosen.split.threshold
            for side, inside in ((False, ~higher), (True, higher)):
                open_regions.append(_best_split(examples, (*chosen.path, side), chosen.rows & inside, tests))
    return trees


def _assembled(made: dict[tuple[bool, ...], Branch], path: tuple[bool, ...]) -> Branch:
    split = made[path]
    below, above = (_assembled(made, (*path, side)) if (*path, side) in made else None for side in (False, True))
    return Branch(split.terminal, split.threshold, below, above)


def _best_split(
    examples: Examples, path: tuple[bool, ...], rows: NDArray[np.bool_], tests: Sequence[Terminal]
) -> _Candidate | None:
    columns, targets = standardised(examples.columns), examples.targets
    before = ridge_error(columns[rows], targets[rows])
    best: _Candidate | None = None
    for test in tests:
        values = examples.column(test)
        for threshold in np.unique(np.quantile(values[rows], _DECILES)):
            above = rows & (values > threshold)
            below = rows & ~above
            if min(above.sum(), below.sum()) < LEAST_ROWS:
                continue
            after = sum(ridge_error(columns[side], targets[side]) for side in (below, above))
            if after <= (1.0 - LEAST_GAIN) * before and (best is None or before - after > best.lowered):
                best = _Candidate(path, rows, before, Branch(test, float(threshold)), before - after)
    return best


def standardised(columns: Floats) -> Floats:
    """Columns of zero mean and unit variance; those that never change become 0."""
    spread = columns.std(axis=0)
    centred = columns - columns.mean(axis=0)
    return np.asarray(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0))


def ridge_error(columns: Floats, targets: Floats) -> float:
    """Summed squared error of a ridge regression with an offset, float64[rows, terminals] on float64[rows]."""
    centred, wanted = columns - columns.mean(axis=0), targets - targets.mean()
    count = len(targets)
    covariance = centred.T @ centred / count + RIDGE * np.eye(columns.shape[1])
    weights = np.linalg.solve(covariance, centred.T @ wanted / count)
    return float(((wanted - centred @ weights) ** 2).sum())
