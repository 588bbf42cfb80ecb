"""Asks a policy for its decisions: fit, then one decision a request, some of which may fail, then a part of it again.

A decision that raises or takes too long is failed, not dropped: the problem bills it at its dearest. A tenth of the
requests is asked again in a fresh process and another order, where the same decisions must come out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adrs.evaluation import Attempts, Failed, Failure, Invalid, Metrics, Policy, Shared

BATCH = 512
CALL_SECONDS = 0.25
"""CPU seconds of one call."""
MEAN_SECONDS = 0.005
"""CPU seconds of a call on average."""
FIT_SECONDS = 60.0
REPLAYED = 10
"""One in so many requests is asked again."""
HIDDEN_STATE = "decision depends on call order or hidden state"
FAILED = -1
"""In place of each number of a decision that failed; no decision has it."""

Columns = Mapping[str, Any]
"""Fields of requests: arrays or lists with a row a request, or `Shared` values."""
Requests = Callable[[np.ndarray], dict[str, Any]]


def take(columns: Columns, rows: np.ndarray) -> dict[str, Any]:
    """The requests with the given numbers."""
    return {name: _take(value, rows) for name, value in columns.items()}


def _take(value: Any, rows: np.ndarray) -> Any:
    if isinstance(value, Shared):
        return value
    return value[rows] if isinstance(value, np.ndarray) else [value[row] for row in rows.tolist()]


@dataclass
class Tally:
    """Failed calls of a workload, and when there are too many."""

    requests: int
    """Calls that there will be, or the most that there can be."""
    calls: str = "decisions"
    asked: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def left(self) -> int:
        """How many more are let pass."""
        return _let_pass(self.requests) - len(self.failures)

    def add(self, attempts: Attempts) -> None:
        """Count those of a batch. Raises Failed for more than are let pass, however many will be asked."""
        self.asked += len(attempts.succeeded)
        self.failures += attempts.failures
        self._hold(self.requests)

    def close(self) -> None:
        """Count no more. Raises Failed for more than are let pass of those that were asked."""
        self._hold(self.asked)

    def _hold(self, number: int) -> None:
        if len(self.failures) > _let_pass(number):
            last = self.failures[-1]
            raise Failed(
                last.verdict,
                f"{len(self.failures)} {self.calls} failed, more than 1 % of {number}, the last with {last.reason}",
            )


def _let_pass(number: int) -> int:
    """Failed ones of so many calls."""
    return max(1, number // 100)


@dataclass(frozen=True)
class Decided:
    """The decisions of a workload, in the order of its requests."""

    answers: np.ndarray
    """int64[requests, numbers]; FAILED where a decision failed."""
    failed: np.ndarray
    """bool[requests]."""
    late: np.ndarray
    """bool[requests], those of them that took too long."""
    seconds: np.ndarray
    """float64[requests], CPU seconds of the calls, as the policy's process says."""


def one_shot(
    policy: Policy, train: Mapping[str, Any], requests: Requests, count: int, seed: int,
    numbers: Callable[[Any], np.ndarray] = np.asarray, rounds: int = 1,
) -> Decided:  # fmt: skip
    """Fit once and ask for all decisions in an order drawn from `seed`, then for a tenth of them once more.

    requests: makes the columns of some requests out of their numbers.
    numbers: turns the checked answers of a batch into int64[batch] or int64[batch, numbers], from 0.
    rounds: `count` requests come in so many rounds of equal length, one after the other, each in an order of its own.
    Raises Failed for too many failed decisions or too much CPU time, Invalid where a repeated decision differs.
    """
    rng = np.random.default_rng(seed)
    length = count // rounds
    order = np.concatenate([number * length + rng.permutation(length) for number in rng.permutation(rounds)])
    policy.reset(seed)
    policy.call("fit", train)
    first = _ask(policy, requests, order, count, numbers)
    spent = policy.restart()
    check_cpu(spent, first.seconds)
    policy.call("fit", train)
    again = rng.permutation(count)[: -(-count // REPLAYED)]
    second = _ask(policy, requests, again, count, numbers)
    compare((first.answers != second.answers).any(axis=1)[again], (first.late | second.late)[again])
    return first


def check_cpu(spent: float, seconds: np.ndarray) -> None:
    """Raise Failed where decisions have taken more CPU than they may, or all of a process more than they and its fit.

    spent: CPU seconds of the process. seconds: float64[decisions], those of each as the process says: what a program
    makes them fewer by is still in `spent`. A fit that takes longer has been ended before.
    """
    allowed = MEAN_SECONDS * len(seconds)
    for used, most, what in ((seconds.sum(), allowed, ""), (spent, FIT_SECONDS + allowed, "fit and ")):
        if used > most:
            raise Failed("timeout", f"{used:.1f} s of CPU for {what}{len(seconds)} decisions, {most:.1f} s are allowed")


def compare(differ: np.ndarray, late: np.ndarray, what: str = "decisions") -> None:
    """Raise where repeated decisions, or runs of them, came out differently.

    differ, late: bool[repeated]; whether something differs, or failed in one asking alone, and whether a call took too
    long in one of them: that may not repeat, and what comes after it in its run plays differently.
    Raises Invalid, and Failed where that is the reason of more than one in a hundred.
    """
    hidden, slow = int((differ & ~late).sum()), int((differ & late).sum())
    if hidden:
        raise Invalid(HIDDEN_STATE, f"{hidden} of {len(differ)} repeated {what} came out differently")
    if slow > _let_pass(len(differ)):
        raise Failed("timeout", f"{slow} of {len(differ)} repeated {what} came out differently: calls took too long")


def late(attempts: Attempts) -> np.ndarray:
    """bool[scenarios]: the calls that took too long."""
    found = np.zeros(len(attempts.succeeded), dtype=bool)
    found[[failure.row for failure in attempts.failures if failure.verdict == "timeout"]] = True
    return found


def add_times(metrics: Metrics, seconds: np.ndarray) -> None:
    """Add mean and 95th percentile of the CPU time of decisions, float64 seconds: to test workloads alone.

    Measured times differ from run to run, and what a run steers by must repeat.
    """
    metrics["decision_milliseconds"] = 1000 * float(seconds.mean())
    metrics["decision_milliseconds_p95"] = 1000 * float(np.percentile(seconds, 95))


def _ask(
    policy: Policy, requests: Requests, order: np.ndarray, count: int, numbers: Callable[[Any], np.ndarray]
) -> Decided:
    answers = np.full((count, 1), FAILED, dtype=np.int64)
    failed, overtime = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    seconds = np.zeros(count)
    tally = Tally(count)
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        attempts = policy.attempt(
            "route", Shared(None), requests(rows), scenarios=[0] * len(rows),
            seconds=CALL_SECONDS, most_failures=tally.left,
        )  # fmt: skip
        tally.add(attempts)
        good = rows[attempts.succeeded]
        failed[rows], overtime[rows] = ~attempts.succeeded, late(attempts)
        seconds[rows] = attempts.seconds
        if len(good):
            found = numbers(attempts.answers).reshape(len(good), -1)
            if found.shape[1] != answers.shape[1]:
                answers = np.repeat(answers, found.shape[1], axis=1)
            answers[good] = found
    return Decided(answers, failed, overtime, seconds)
