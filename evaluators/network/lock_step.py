"""Workloads whose links run in lock step: the flows that wait, of all of them, are asked in one crossing.

Links share nothing, so how many run together changes no digit, only how often is asked.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from adrs.evaluation import Invalid, Metrics, Policy, WorkloadSpec
from evaluators.network.scenario import Scenario
from evaluators.network.simulation import Simulation

_ORDER = ("order of calls", "decisions depend on the order in which flows are asked")
MOST_FLOWS = 1024
"""Of the workloads of a batch, their copies included: more would save few crossings, and take longer each."""


class _Workload(Protocol):
    @property
    def scenarios(self) -> tuple[Scenario, ...]: ...


Workload = TypeVar("Workload", bound=_Workload)


def batches(workloads: Sequence[tuple[Workload, WorkloadSpec]]) -> Iterator[list[tuple[Workload, WorkloadSpec]]]:
    """The workloads in order, as many together as have few enough flows."""
    batch: list[tuple[Workload, WorkloadSpec]] = []
    flows = 0
    for workload, spec in workloads:
        more = _copies(spec) * sum(len(scenario.flows) for scenario in workload.scenarios)
        if batch and flows + more > MOST_FLOWS:
            yield batch
            batch, flows = [], 0
        batch.append((workload, spec))
        flows += more
    if batch:
        yield batch


class LockStep(Generic[Workload]):
    """One run of the links of a batch of workloads.

    A workload with `shuffles` is there in so many copies, in which every digit must be the same. As long as all copies
    of a flow get the same answer, one of them is simulated and all are asked.
    """

    def __init__(self, policy: Policy, batch: Sequence[tuple[Workload, WorkloadSpec]], simulated: bool) -> None:
        """simulated: whether all copies are."""
        self._batch = batch
        self._copies = [_copies(spec) if simulated else 1 for _, spec in batch]
        pairs = list(zip(batch, self._copies, strict=True))
        self.simulation = Simulation([link for (workload, _), copies in pairs for link in workload.scenarios * copies])
        asked = [
            _copies(spec) // copies
            for (workload, spec), copies in pairs
            for link in workload.scenarios * copies
            for _ in link.flows
        ]
        self.crossing = Crossing(policy, np.array(asked), batch[0][1].policy_seed)

    def metrics(self, measure: Callable[[Workload, Simulation, int], Metrics]) -> list[Metrics]:
        """What `measure` makes of each workload, given the number of its first link.

        Raises Invalid where simulated copies of a workload are not the same to the last digit.
        """
        found, first = [], 0
        for (workload, _), copies in zip(self._batch, self._copies, strict=True):
            firsts = [first + copy * len(workload.scenarios) for copy in range(copies)]
            found.append(_unanimous([measure(workload, self.simulation, number) for number in firsts]))
            first += copies * len(workload.scenarios)
        return found


def run(
    policy: Policy,
    batch: Sequence[tuple[Workload, WorkloadSpec]],
    steps: Callable[[LockStep[Workload]], None],
    measure: Callable[[Workload, Simulation, int], Metrics],
) -> list[Metrics]:
    """The metrics of each workload of a batch; `steps` runs the simulation. Raises Invalid.

    Where two copies of a flow get different answers a single workload is run again with all copies simulated: an answer
    that is cut, or that changes a rate by less than a bit/s, need not change a digit. Several are refused.
    """
    lock_step = LockStep(policy, batch, simulated=False)
    try:
        steps(lock_step)
    except _Differs:
        if len(batch) > 1:
            raise Invalid(*_ORDER) from None
        lock_step = LockStep(policy, batch, simulated=True)
        steps(lock_step)
    return lock_step.metrics(measure)


def _copies(spec: WorkloadSpec) -> int:
    return int(spec.parameters.get("shuffles", 1))


def _unanimous(copies: Sequence[Metrics]) -> Metrics:
    """The metrics of the copies of a workload. Raises Invalid where they are not the same."""
    if any(dict(other) != dict(copies[0]) for other in copies[1:]):
        raise Invalid(*_ORDER)
    return copies[0]


class _Differs(Exception):  # noqa: N818 - what the answers do
    """A flow got two answers to the same question."""


class Crossing:
    """Flows are asked in random order, under handles that say nothing about them and are drawn anew each time."""

    def __init__(self, policy: Policy, copies: NDArray[np.int64], seed: int) -> None:
        """Empty the states of all flows. copies: int64[flows], under how many handles each is asked, at least one."""
        policy.reset(seed, int(copies.sum()))
        self._policy = policy
        self._copies = copies
        self._generator = np.random.default_rng(secrets.randbits(64))
        self._handles = self._generator.permutation(int(copies.sum()))
        self._ends = np.cumsum(copies)

    def ask(
        self,
        function: str,
        asked: NDArray[np.int64],
        rows: NDArray[np.float64] | None,
        fields: Sequence[str] = (),
        left_out: float = 0.0,
    ) -> NDArray[np.float64]:
        """One answer for each flow in `asked`.

        rows: float64[asked, features], sent as they are, or as records if `fields` names the columns; None where the
        function takes nothing but the state. left_out: the answer for all if the program does without the function.
        """
        copies = self._copies[asked]
        places = np.arange(len(asked)).repeat(copies)  # in `asked`, of each that is asked under some handle
        handles = self._ends[asked][places] - (copies.cumsum()[places] - np.arange(len(places)))
        order = self._generator.permutation(len(places))
        places, handles = places[order], self._handles[handles[order]]
        columns: list[Any] = []
        if rows is not None:
            columns = [rows[places]]
        if fields:
            columns = [{name: columns[0][:, place] for place, name in enumerate(fields)}]
        answers = np.empty(len(asked))
        given = self._policy.map(function, *columns, scenarios=handles.tolist())
        if given is None:
            return np.full(len(asked), left_out)
        answers[places] = given
        if (answers[places] != given).any():
            raise _Differs
        return answers
