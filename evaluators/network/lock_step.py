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

MOST_FLOWS = 512
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
    """One run of the links of a batch of workloads."""

    def __init__(self, policy: Policy, batch: Sequence[tuple[Workload, WorkloadSpec]]) -> None:
        """With `shuffles` each link of a workload is there so many times, among the others."""
        self._batch = batch
        scenarios = [scenario for workload, spec in batch for scenario in workload.scenarios * _copies(spec)]
        self.simulation = Simulation(scenarios)
        self.crossing = Crossing(policy, len(self.simulation.arrays.flows), batch[0][1].policy_seed)

    def metrics(self, measure: Callable[[Workload, Simulation, int], Metrics]) -> list[Metrics]:
        """What `measure` makes of each workload, given the number of its first link.

        Raises Invalid where copies of a link are not the same to the last digit.
        """
        found, first = [], 0
        for workload, spec in self._batch:
            copies = []
            for _ in range(_copies(spec)):
                copies.append(measure(workload, self.simulation, first))
                first += len(workload.scenarios)
            found.append(_unanimous(copies))
        return found


def _copies(spec: WorkloadSpec) -> int:
    return int(spec.parameters.get("shuffles", 1))


def _unanimous(copies: Sequence[Metrics]) -> Metrics:
    """The metrics of the copies of a workload. Raises Invalid where they are not the same."""
    if any(dict(other) != dict(copies[0]) for other in copies[1:]):
        raise Invalid("order of calls", "decisions depend on the order in which flows are asked")
    return copies[0]


class Crossing:
    """Flows are asked in random order, under handles that say nothing about them and are drawn anew each time."""

    def __init__(self, policy: Policy, flows: int, seed: int) -> None:
        """Empty the states of all flows."""
        policy.reset(seed, flows)
        self._policy = policy
        self._generator = np.random.default_rng(secrets.randbits(64))
        self._handles = self._generator.permutation(flows)

    def ask(
        self, function: str, asked: NDArray[np.int64], rows: NDArray[np.float64] | None, fields: Sequence[str] = ()
    ) -> NDArray[np.float64]:
        """One answer for each flow in `asked`.

        rows: float64[flows, features], sent as they are, or as records if `fields` names the columns; None where the
        function takes nothing but the state.
        """
        order = self._generator.permutation(len(asked))
        columns: list[Any] = []
        if rows is not None:
            columns = [rows[order]]
        if fields:
            columns = [{name: columns[0][:, place] for place, name in enumerate(fields)}]
        answers = np.empty(len(asked))
        answers[order] = self._policy.map(function, *columns, scenarios=self._handles[asked[order]].tolist())
        return answers
