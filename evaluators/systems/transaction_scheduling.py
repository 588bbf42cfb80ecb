"""The trusted side of `transaction-scheduling`: the order in which a batch of transactions is started."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs import resources
from adrs.errors import UserError
from adrs.evaluation import Evaluator, Invalid, Metrics, Policy, WorkloadSpec
from evaluators.systems import transaction_workloads
from evaluators.systems.transaction_simulator import Batch

PUBLISHED = ("workload_1", "workload_2", "workload_3")
ARRIVAL_ORDER = 537.0
"""Makespan of the three published batches in arrival order, ticks."""
ANCHOR = 46 + 0.1 * (ARRIVAL_ORDER - 46)
"""Full marks of the leaderboard; 46 is the sum of the longest lengths."""


@dataclass(frozen=True)
class BoundedBatch:
    """A batch and the makespan that no order can beat, ticks."""

    batch: Batch
    bound: int


class TransactionScheduling(Evaluator[BoundedBatch]):
    """Makespan of a batch in the order that the policy gives (ADRS, arXiv 2510.06189; SMF, VLDB 2024).

    The rules are strict. Those of the public evaluator need another interface: see `transaction_scheduling_legacy`.
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters)
        if self.parameters.get("rules", "strict") != "strict":
            raise UserError(
                'evaluator.parameters.rules must be "strict"; the folder "legacy" of this problem has others'
            )

    def load(self, spec: WorkloadSpec) -> BoundedBatch:
        """Draw a batch, or read the published file that the workload names."""
        if "file" in spec.parameters:
            batch = transaction_workloads.read(resources.data_file(spec.parameters["file"]))
        else:
            batch = transaction_workloads.draw(spec.family, spec.seed)
        return BoundedBatch(batch, batch.lower_bound())

    def evaluate(self, policy: Policy, workload: BoundedBatch, spec: WorkloadSpec) -> Metrics:
        """Ask for one order and execute it. Shape and range are those of the interface and are checked there."""
        batch = workload.batch
        order = policy.call("solve", batch.instance(spec.policy_seed))
        check_permutation(order)
        makespan, awaited = batch.trace(order)
        return Metrics(
            makespan=makespan,
            bounds={"makespan": workload.bound},
            feedback=_feedback(batch, makespan, awaited, workload.bound),
        )

    def summarise(self, results: Sequence[tuple[WorkloadSpec, Metrics]]) -> dict[str, float]:
        """Sum of the makespans; `leaderboard` where all three published batches were evaluated."""
        published = {Path(spec.parameters.get("file", "")).stem: metrics["makespan"] for spec, metrics in results}
        summary = {"total_makespan": sum(metrics["makespan"] for _, metrics in results)}
        if all(name in published for name in PUBLISHED):
            summary["leaderboard"] = leaderboard(sum(published[name] for name in PUBLISHED))
        return summary


def check_permutation(order: NDArray[np.int64]) -> None:
    """Raise Invalid unless each number in 0..n-1 is there once; the numbers are in range already."""
    _, first = np.unique(order, return_index=True)
    if len(first) == len(order):
        return
    repeated = np.ones(len(order), dtype=bool)
    repeated[first] = False
    index = int(np.argmax(repeated))
    missing = int(np.setdiff1d(np.arange(len(order)), order)[0])
    raise Invalid(
        "permutation",
        f"transaction {order[index]} appears again at index {index}, and transaction {missing} is missing",
    )


def leaderboard(makespan: float) -> float:
    """Score of the public ADRS leaderboard (repo UCB-ADRS/ADRS-Leaderboard) for the three published batches' total."""
    return 100.0 * min(1.0, max(0.0, (ARRIVAL_ORDER - makespan) / (ARRIVAL_ORDER - ANCHOR)))


def _feedback(batch: Batch, makespan: int, awaited: NDArray[np.int32], bound: int) -> str:
    at_once = float(batch.length.sum()) / makespan
    text = f"makespan {makespan} ticks, no order can beat {bound}; {at_once:.1f} transactions run at once on average"
    waiting = awaited[awaited >= 0]
    if len(waiting) == 0:
        return text
    keys = np.bincount(batch.key[waiting])
    worst = int(keys.argmax())
    return f"{text}; {len(waiting)} of {len(batch)} waited for a key, {keys[worst]} of them for key {worst}"
