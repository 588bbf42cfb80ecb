"""Choices of a program as a table: recorded in the sandbox, checked, without what says nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adrs.distill.priority.ranking import MOST_PAIRS, Floats, Pairs, Whole, members, ranks
from adrs.distill.priority.rewrite import Key
from adrs.distill.record import Ended
from adrs.distill.symbolic.examples import Examples
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.evaluate.recording import unpack
from adrs.evaluation import WorkloadSpec
from adrs.program import Choices, Evaluation, Job
from adrs.rule.form import Feature, Inputs, Terminal

ROWS = 20_000
"""Items of all workloads together."""
_RELATIVE = 1e-9
"""Two metrics of one program on one workload lie no farther apart."""


@dataclass(frozen=True)
class Table:
    """Items of many choices."""

    values: Floats
    """[rows], the program's own."""
    columns: Floats
    """[rows, terms that vary]."""
    kept: tuple[int, ...]
    """Places of those terms among the key's."""
    group: Whole
    """[rows], the choice that an item belongs to."""
    workload: Whole
    """[rows]."""

    @property
    def terminals(self) -> tuple[Terminal, ...]:
        """One a column."""
        return tuple(Terminal(place, "last") for place in range(len(self.kept)))

    @property
    def shared_terminals(self) -> tuple[Terminal, ...]:
        """Those that are the same for all items of every choice, and not for all choices: of the partial solution."""
        same = np.ones(self.columns.shape[1], dtype=np.bool_)
        for rows in members(self.group):
            same &= np.ptp(self.columns[rows], axis=0) == 0
        return tuple(terminal for terminal in self.terminals if same[terminal.feature])

    def examples(self, ranked: bool) -> Examples:
        """To fit on: ranks within each choice, or the values themselves. What stays together is a workload."""
        targets = ranks(self.values, self.group) if ranked else self.values
        return Examples(self.terminals, self.columns, targets, self.workload)

    def pairs(self, rows: NDArray[np.bool_], most: int = MOST_PAIRS) -> Pairs:
        """At most about so many pairs of those rows; choices lie wholly within or outside of them."""
        places = np.flatnonzero(rows)
        found = Pairs.of(self.values[places], self.group[places], most)
        return Pairs(places[found.first], places[found.second], found.sign, found.group, found.weight)

    def held_out(self, seed: int) -> NDArray[np.bool_]:
        """[rows], whether a row's workload is one that nothing is fitted on. Raises UserError for a single workload."""
        everything = Examples(self.terminals, self.columns, self.values, self.workload)
        _, held = everything.split(seed)
        return np.isin(self.workload, np.unique(held.group))


async def record(
    executor: Executor, source: str, key: Key, specs: Sequence[WorkloadSpec], plain: Evaluation | None
) -> Table:
    """The choices of a rewritten program on workloads, in the sandbox.

    plain: an evaluation of the program as it was; that it does otherwise when it is recorded is refused. Raises
    UserError where nothing can be learned, Ended where the program fails.
    """
    wanted = Choices(len(key.terms), ROWS // len(specs))
    jobs = [Job(source, "fresh", workloads=(spec,), choices=wanted) for spec in specs]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(executor.evaluate(job)) for job in jobs]
    found = [task.result() for task in tasks]
    for evaluation in found:
        if evaluation.verdict == "infrastructure":
            raise UserError(evaluation.reason)
        if evaluation.verdict != "ok":
            raise Ended(evaluation)
        if plain is not None and not _is_same(evaluation, plain):
            raise UserError("it is not a function of what it is shown: it does otherwise when it is recorded")
    return _table(found)


def _is_same(recorded: Evaluation, plain: Evaluation) -> bool:
    before = {result.name: result.metrics for result in plain.workloads}
    return all(
        abs(value - before[result.name].get(name, value)) <= _RELATIVE * abs(value)
        for result in recorded.workloads if result.name in before for name, value in result.metrics.items()
    )  # fmt: skip


def _table(found: Sequence[Evaluation]) -> Table:
    parts = [{name: unpack(packed) for name, packed in evaluation.recorded.items()} for evaluation in found]
    starts = np.cumsum([0, *(int(part["group"].max(initial=-1)) + 1 for part in parts)])
    group = np.concatenate([part["group"] + start for part, start in zip(parts, starts[:-1], strict=True)])
    values = np.concatenate([part["value"] for part in parts])
    terms = np.concatenate([part["terms"] for part in parts])
    workload = np.repeat(np.arange(len(parts)), [len(part["group"]) for part in parts])
    if not len(values):
        raise UserError("it is never asked of two items at once")
    telling = np.zeros(len(values), dtype=np.bool_)
    for rows in members(group):
        telling[rows] = len(np.unique(values[rows])) > 1
    if not telling.any():
        raise UserError("it never tells two items apart")
    usable = np.logical_and.reduce([part["usable"] for part in parts if len(part["group"])])
    varies = np.ptp(terms[telling], axis=0) > 0
    kept = _different(terms[telling], [int(place) for place in np.flatnonzero(usable & varies)])
    if not kept:
        raise UserError("nothing that it could be made of is a number")
    return Table(values[telling], terms[telling][:, list(kept)], kept, group[telling], workload[telling])


def _different(terms: Floats, places: Sequence[int]) -> tuple[int, ...]:
    """Of terms that are the same in all rows, the first."""
    found: dict[bytes, int] = {}
    for place in places:
        found.setdefault(terms[:, place].tobytes(), place)
    return tuple(found.values())


def inputs(table: Table) -> Inputs:
    """What expressions over a table's columns are made of: names by place, since a program's words enter no rule."""
    features = tuple(
        Feature(f"term {place}", f"term_{place}", "", 0.0, float(column.min()), float(column.max()))
        for place, column in enumerate(table.columns.T)
    )
    return Inputs(features, 1, -np.inf, np.inf)
