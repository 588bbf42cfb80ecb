"""How alike two orders of the same items are, choice by choice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
MOST_PAIRS = 300_000


def ranks(values: Floats, group: Whole) -> Floats:
    """Ranks float64[rows] within each group, from 0 for the least to 1; equal values share the mean of theirs.

    A group of one item, or of equal ones, has 0.5.
    """
    found = np.empty(len(values))
    for rows in members(group):
        _, place, count = np.unique(values[rows], return_inverse=True, return_counts=True)
        mean = np.cumsum(count) - (count + 1) / 2.0
        found[rows] = mean[place] / (len(rows) - 1) if len(rows) > 1 else 0.5
    return found


def members(group: Whole) -> list[Whole]:
    """Rows of each group, groups in the order of their numbers."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    return np.split(order, starts[1:]) if len(order) else []


@dataclass(frozen=True)
class Pairs:
    """Pairs of items that were chosen among together, and which of the two came first."""

    first: Whole
    second: Whole
    """[pairs], rows."""
    sign: Floats
    """[pairs], of the first one's value less the second one's."""
    group: Whole
    """[pairs], counted from 0."""
    weight: Floats
    """[pairs]: each group counts once."""

    @classmethod
    def of(cls, values: Floats, group: Whole, most: int = MOST_PAIRS) -> "Pairs":
        """All pairs of groups, of evenly spaced groups where there would be too many. A group without two different
        values says nothing of an order and is left out.
        """
        rows = [each for each in members(group) if len(np.unique(values[each])) > 1]
        total = sum(len(each) * (len(each) - 1) // 2 for each in rows)
        kept = rows[:: max(1, -(-total // most))]
        above = [np.triu_indices(len(each), 1) for each in kept]
        nothing = np.empty(0, dtype=np.int64)
        first = np.concatenate([nothing, *(each[left] for each, (left, _) in zip(kept, above, strict=True))])
        second = np.concatenate([nothing, *(each[right] for each, (_, right) in zip(kept, above, strict=True))])
        sizes = np.array([len(left) for left, _ in above], dtype=np.int64)
        number = np.repeat(np.arange(len(sizes)), sizes)
        weight = np.repeat(1.0 / (sizes * max(1, len(sizes))), sizes)
        return cls(first, second, np.sign(values[first] - values[second]), number, weight)

    def __len__(self) -> int:
        return len(self.first)

    def agreement(self, found: Floats) -> float:
        """Share of pairs that other values float64[rows] put in the same order; a tie of one side alone counts half."""
        sign = np.sign(found[self.first] - found[self.second])
        same = np.where(sign == self.sign, 1.0, np.where((sign == 0) | (self.sign == 0), 0.5, 0.0))
        return min(1.0, float(same @ self.weight)) if len(self) else float("nan")

    def tau(self, found: Floats) -> float:
        """Kendall's tau-b (Biometrika 33, 1945), averaged over the groups; 0 in one that the values do not order."""
        sign = np.sign(found[self.first] - found[self.second])
        groups = int(self.group[-1]) + 1 if len(self) else 0
        concordant, ours, theirs = (np.bincount(self.group, each, groups) for each in (
            sign * self.sign, sign != 0, self.sign != 0))  # fmt: skip
        scale = np.sqrt(ours * theirs)
        return float(np.divide(concordant, scale, out=np.zeros(groups), where=scale > 0).mean()) if groups else 0.0
