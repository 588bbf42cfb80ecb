"""Metrics of tiers chosen for recorded calls of agents, in agreement with TwinRouterBench's grader (arXiv 2605.18859).

Three paths through every trajectory are priced, each with its own prompt cache: always high, the labels, the choice.
A cache is read if the previous call went to the same tier on that path, its messages are a prefix of this call's, and
the tier was used at most three steps ago.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evaluators.routing import tiers

TIME_TO_LIVE = 3
"""Steps that a cache lives."""
ERROR = -1
"""Stands for a tier where the router gave none."""
_NO_USE = np.iinfo(np.int64).min // 2


@dataclass(frozen=True)
class Facts:
    """What is known of N recorded calls, in file order."""

    instance: Sequence[str]
    workload: Sequence[str]
    step: np.ndarray
    """int64[N], the recorded step index."""
    label: np.ndarray
    """int64[N], the least tier that was enough."""
    prompt: np.ndarray
    """int64[N, 4], prompt tokens by every tier's tokenizer."""
    prefix: np.ndarray
    """bool[N], whether the previous call's messages are a prefix of this one's."""
    output: np.ndarray
    """int64[N]."""

    def __len__(self) -> int:
        return len(self.label)

    @cached_property
    def trajectory(self) -> np.ndarray:
        """int64[N], numbered in order of first appearance."""
        numbers = {name: number for number, name in enumerate(dict.fromkeys(self.instance))}
        return np.array([numbers[name] for name in self.instance], dtype=np.int64)

    @cached_property
    def workloads(self) -> list[str]:
        """Names in order of first appearance."""
        return list(dict.fromkeys(self.workload))

    @cached_property
    def workload_number(self) -> np.ndarray:
        """int64[N]."""
        return np.array([self.workloads.index(name) for name in self.workload], dtype=np.int64)

    @cached_property
    def positions(self) -> list[np.ndarray]:
        """For k = 0, 1, ... the rows, int64, that come k-th in their trajectory by step index, ties in file order."""
        order = np.lexsort((np.arange(len(self)), self.step, self.trajectory))
        start = np.searchsorted(self.trajectory[order], np.arange(self.trajectory.max() + 1 if len(self) else 0))
        place = np.arange(len(self)) - start[self.trajectory[order]]
        return [order[place == number] for number in range(int(place.max()) + 1 if len(self) else 0)]

    @cached_property
    def previous(self) -> np.ndarray:
        """int64[N]: the row before each in its trajectory, -1 for the first.

        Of rows with equal step index all take the place of the last, so that for the others "before" is the row before
        that place, as in the official grader: itself or even a later one, where there are several.
        """
        return self._beside(-1)

    @cached_property
    def following(self) -> np.ndarray:
        """int64[N]: likewise the row after each, -1 for the last."""
        return self._beside(1)

    def _beside(self, distance: int) -> np.ndarray:
        row_at: dict[tuple[int, int], int] = {}
        place_at: dict[tuple[int, int], int] = {}
        owners, steps = self.trajectory.tolist(), self.step.tolist()
        for place, rows in enumerate(self.positions):
            for row in rows.tolist():
                row_at[owners[row], place] = row
                place_at[owners[row], steps[row]] = place
        places = [place_at[key] for key in zip(owners, steps, strict=True)]
        found = [row_at.get((owner, place + distance), -1) for owner, place in zip(owners, places, strict=True)]
        return np.array(found, dtype=np.int64)

    def take(self, rows: np.ndarray) -> "Facts":
        """Some rows, int64, whole trajectories of them."""
        names = ([self.instance[row] for row in rows.tolist()], [self.workload[row] for row in rows.tolist()])
        columns = (self.step, self.label, self.prompt, self.prefix, self.output)
        return Facts(*names, *(column[rows] for column in columns))


class Path:
    """One path through all trajectories, priced call by call."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        trajectories = int(facts.trajectory.max()) + 1 if len(facts) else 0
        self._last_use = np.full((trajectories, 4), _NO_USE)
        self.tier = np.full(len(facts), ERROR)
        """int64[N]: as a predecessor, each row counts as this tier."""
        self.cost = np.zeros(len(facts))
        """float64[N], dollars; 0 for rows in error."""

    def readable(self, rows: np.ndarray) -> np.ndarray:
        """int64[rows, 4]: tokens that each tier could read from its cache. rows: at most one of a trajectory."""
        facts, before = self._facts, self._facts.previous[rows]
        warm = (before >= 0)[:, None] & facts.prefix[rows][:, None]
        warm = warm & (self.tier[before][:, None] == np.arange(4))
        last = self._last_use[facts.trajectory[rows]]
        expired = (last != _NO_USE) & (facts.step[rows][:, None] - last > TIME_TO_LIVE)
        tokens: np.ndarray = np.where(warm & ~expired, facts.prompt[before], 0)
        return tokens

    def age(self, rows: np.ndarray) -> np.ndarray:
        """float64[rows, 4]: steps since each tier was used, -1 for never."""
        last = self._last_use[self._facts.trajectory[rows]]
        found: np.ndarray = np.where(last == _NO_USE, -1.0, self._facts.step[rows][:, None] - last)
        return found

    def call(self, rows: np.ndarray, tier: np.ndarray, error: np.ndarray, counts_as: np.ndarray) -> None:
        """Take the next call of some trajectories.

        tier: int64[rows]. error: bool[rows], calls that are not made. counts_as: int64[rows], the tier that an
        error counts as for its successor.
        """
        facts = self._facts
        self.tier[rows] = np.where(error, counts_as, tier)
        made, chosen = rows[~error], tier[~error]
        if not len(made):
            return
        at = np.arange(len(made))
        read = self.readable(made)[at, chosen]
        write = np.maximum(facts.prompt[made, chosen] - read, 0)
        self.cost[made] = tiers.call_cost(tiers.STATIC_PRICES, chosen, read, write, facts.output[made])
        self._last_use[facts.trajectory[made], chosen] = facts.step[made]


def price_path(facts: Facts, tier: np.ndarray, error: np.ndarray, counts_as: np.ndarray) -> np.ndarray:
    """float64[N], dollars of each call on a path; arguments as of `Path.call`, for all rows."""
    path = Path(facts)
    path.tier[:] = np.where(error, counts_as, tier)  # of rows with equal step index, one may look at a later one's
    for rows in facts.positions:
        path.call(rows, tier[rows], error[rows], counts_as[rows])
    return path.cost


@dataclass(frozen=True)
class Paths:
    """Dollars of each call, float64[N], on the three paths; 0 for rows in error."""

    high: np.ndarray
    label: np.ndarray
    chosen: np.ndarray


def price(facts: Facts, chosen: np.ndarray, official: bool) -> Paths:
    """All three paths. chosen: int64[N], ERROR where the router gave no tier.

    official: rows in error are priced on no path. Else they are billed at high on the chosen one, which is the one
    place where this differs from the official grader: there, crashing on a hard call is free.
    """
    failed = chosen == ERROR
    high = np.full(len(facts), tiers.HIGH)
    error = failed if official else np.zeros(len(facts), dtype=bool)
    return Paths(
        price_path(facts, high, error, high),
        price_path(facts, facts.label, error, facts.label),
        price_path(facts, np.where(failed, tiers.HIGH, chosen), error, np.full(len(facts), ERROR)),
    )


@dataclass(frozen=True)
class Grades:
    """Sums of rows and money, from which all metrics follow; each is an array over trajectories."""

    rows: np.ndarray
    passed: np.ndarray
    exact: np.ndarray
    trajectory_passed: np.ndarray
    """Rows of trajectories that pass throughout."""
    saved: np.ndarray
    """float64[trajectories, workloads], dollars: the numerator of CostSave."""
    spent: np.ndarray
    """float64[trajectories, workloads], dollars of always high."""
    workload_rows: np.ndarray
    """float64[trajectories, workloads]."""

    def sums(self) -> np.ndarray:
        """float64[trajectories, 4 + 3 workloads], in the order of the fields."""
        plain = np.stack([self.rows, self.passed, self.exact, self.trajectory_passed], axis=1)
        return np.hstack([plain, self.saved, self.spent, self.workload_rows])


def grade(facts: Facts, chosen: np.ndarray, official: bool) -> Grades:
    """Grades of a choice, int64[N]; ERROR rows neither pass nor are exact, and fail their trajectory."""
    failed = chosen == ERROR
    passed = ~failed & (chosen >= facts.label)
    number = int(facts.trajectory.max()) + 1
    whole = np.bincount(facts.trajectory, weights=~passed, minlength=number) == 0
    paths = price(facts, chosen, official)
    good = whole[facts.trajectory]
    saved = np.where(good, paths.high - paths.chosen, -paths.chosen)
    shape = (number, len(facts.workloads))
    flat = facts.trajectory * shape[1] + facts.workload_number

    def by_workload(values: np.ndarray) -> np.ndarray:
        return np.bincount(flat, weights=values, minlength=shape[0] * shape[1]).reshape(shape)

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(facts.trajectory, weights=values, minlength=number)

    ones = np.ones(len(facts))
    return Grades(
        total(ones), total(passed), total(~failed & (chosen == facts.label)), total(good & ~failed),
        by_workload(saved), by_workload(paths.high), by_workload(ones),
    )  # fmt: skip


def combine(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics in percent from sums over trajectories, float64[..., 4 + 3 workloads] of `Grades.sums`.

    RowPass, RowExact, TrajPass, CostSave (workloads weighted by rows, those without cost left out) and their mean.
    NaN where a metric does not exist.
    """
    rows, passed, exact, whole = (sums[..., place] for place in range(4))
    saved, spent, counts = np.split(sums[..., 4:], 3, axis=-1)
    paid = spent > 0
    share = np.where(paid, counts / rows[..., None] * 100 * saved / np.where(paid, spent, 1.0), 0.0)
    cost_save = np.where(paid.any(axis=-1), share.sum(axis=-1), np.nan)
    found = {
        "row_pass": 100 * passed / rows, "row_exact": 100 * exact / rows, "traj_pass": 100 * whole / rows,
        "cost_save": cost_save,
    }  # fmt: skip
    found["combined"] = sum(found.values()) / 4
    return found


def legacy(facts: Facts, chosen: np.ndarray) -> dict[str, float | None]:
    """The older scores of the official tool: by trajectory (accounting v1), and by row (its section 11), percent."""
    failed = chosen == ERROR
    passed = ~failed & (chosen >= facts.label)
    number = int(facts.trajectory.max()) + 1
    whole = np.bincount(facts.trajectory, weights=~passed, minlength=number) == 0
    same = np.bincount(facts.trajectory, weights=failed | (chosen != facts.label), minlength=number) == 0
    paths = price(facts, chosen, official=True)
    good = whole[facts.trajectory]
    saved = float(np.where(good, paths.high - paths.chosen, -paths.chosen).sum())
    possible = float((paths.high - paths.label)[~failed].sum())
    money = 100 * saved / possible if possible > 0 else None
    v1 = {"trajectory_pass": 100 * float(whole.mean()), "trajectory_exact": 100 * float(same.mean())}
    output = tiers.STATIC_PRICES[:, tiers.OUTPUT]
    counted = passed & (facts.label < tiers.HIGH)
    head = float((output[tiers.HIGH] - output[facts.label[counted]]).sum())
    row = 100 * float((output[tiers.HIGH] - output[chosen[counted]]).sum()) / head if head > 0 else None
    mean = None if money is None else (sum(v1.values()) + money) / 3
    return {**v1, "trajectory_money": money, "trajectory_mean": mean, "row_saving": row}


def cheapest_passing(facts: Facts) -> np.ndarray:
    """float64[trajectories], dollars: the cheapest path that never goes below a label.

    A dynamic programme over the tier of the previous call: a cache is only ever read if that was the same tier, so
    nothing else matters. Rows must have distinct step indices within a trajectory.
    """
    number = int(facts.trajectory.max()) + 1
    best = np.zeros((number, 4))
    for place, rows in enumerate(facts.positions):
        owner, before = facts.trajectory[rows], facts.previous[rows]
        gap = facts.step[rows] - facts.step[before]
        warm = facts.prefix[rows] & (before >= 0) & (gap <= TIME_TO_LIVE)
        read = np.where(warm[:, None], facts.prompt[before], 0)
        cold = _costs(facts, rows, np.zeros_like(read))
        kept = _costs(facts, rows, read)
        others = np.where(np.eye(4, dtype=bool), np.inf, best[owner][:, None, :]).min(axis=2)
        after = cold if place == 0 else np.minimum(others + cold, best[owner] + kept)
        best[owner] = np.where(np.arange(4) >= facts.label[rows][:, None], after, np.inf)
    cheapest_of: np.ndarray = best.min(axis=1)
    return cheapest_of


def _costs(facts: Facts, rows: np.ndarray, read: np.ndarray) -> np.ndarray:
    """float64[rows, 4], dollars of a call at every tier; read: int64[rows, 4]."""
    prices = tiers.STATIC_PRICES
    write = np.maximum(facts.prompt[rows] - read, 0)
    output = facts.output[rows][:, None] * prices[:, tiers.OUTPUT]
    found: np.ndarray = (read * prices[:, tiers.READ] + write * prices[:, tiers.WRITE] + output) / 1e6
    return found


def upper_bound(facts: Facts) -> float:
    """A Combined that nothing can beat: all rows pass and are exact, at the cost of the cheapest passing paths."""
    high = price(facts, facts.label, official=False).high
    number = int(facts.trajectory.max()) + 1
    spent = np.bincount(facts.trajectory, weights=high, minlength=number)
    saved = spent - cheapest_passing(facts)
    owner = np.zeros(number, dtype=np.int64)
    owner[facts.trajectory] = facts.workload_number
    total, headroom = (np.bincount(owner, weights=values, minlength=len(facts.workloads)) for values in (spent, saved))
    rows = np.bincount(facts.workload_number, minlength=len(facts.workloads))
    paid = total > 0
    return float((300 + (rows[paid] / len(facts) * 100 * headroom[paid] / total[paid]).sum()) / 4)
