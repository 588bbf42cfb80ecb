"""`transaction-scheduling` by the rules of the public evaluator, holes included: for comparison only.

It asks once for all batches, checks that each schedule that it is given is a permutation, and then scores the total
makespan that the program claims. Nobody counts the schedules, so that a claim without any will do.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adrs import resources
from adrs.errors import UserError
from adrs.evaluation import Evaluator, Invalid, Metrics, Policy, WorkloadSpec
from evaluators.systems.transaction_scheduling import PUBLISHED, leaderboard


class LegacyTransactionScheduling(Evaluator[list[str]]):
    """The claimed makespan of the published batches (repo UCB-ADRS/ADRS-Leaderboard, problem txn_scheduling).

    A workload is the texts of the files named by its key `batches`; the evaluator's parameter `rules` must be `legacy`.
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters)
        if self.parameters.get("rules") != "legacy":
            raise UserError('evaluator.parameters.rules must be "legacy" for the public evaluator\'s own rules')

    def load(self, spec: WorkloadSpec) -> list[str]:
        """Read the files."""
        return [resources.data_file(name).read_text(encoding="utf-8") for name in spec.parameters["batches"]]

    def evaluate(self, policy: Policy, workload: list[str], spec: WorkloadSpec) -> Metrics:
        """Believe the program."""
        answer = policy.call("get_random_costs", workload)
        check_schedules(answer["schedules"], [len(json.loads(text)) for text in workload])
        metrics = Metrics(total_makespan=answer["makespan"], claimed_seconds=answer["seconds"])
        if len(workload) == len(PUBLISHED):
            metrics["leaderboard"] = leaderboard(answer["makespan"])
        return metrics


def check_schedules(text: str, sizes: Sequence[int]) -> None:
    """Raise Invalid unless each of the schedules, however many they are, is a permutation of its batch."""
    try:
        schedules = json.loads(text)
    except ValueError:
        raise Invalid("schedules", "the schedules are not a JSON list") from None
    for index, (schedule, size) in enumerate(zip(schedules, sizes, strict=False)):
        if not isinstance(schedule, list) or sorted(schedule) != list(range(size)):
            raise Invalid("permutation", f"schedule {index} is not a permutation of 0..{size - 1}")
