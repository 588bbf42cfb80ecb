"""Decision time: the seconds that a policy needs for each decision, taken where the policy cannot reach.

The decisions of a workload are replayed in several rounds, each in a freshly forked process and after one untimed
call on a throw-away instance of the same shape, so that nothing remembered from an earlier round makes a later one
faster. A decision's time is the least wall time of its round trip over the rounds, less the least round trip of an
echo. Only a round that gives the scored answer counts, and the CPU time of a process must be explained by its calls.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adrs.evaluation import Invalid, Policy

FLOOR_SECONDS = 10e-6
"""No decision is ever taken to be faster."""
ECHOES = 5
CPU_SHARE = 1.3
CPU_ALLOWANCE_SECONDS = 0.05
BUSY_SHARE = 0.3
"""Of a pause: a process that ran or waited for a core for longer is not idle."""

Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Protocol:
    """How decisions are timed."""

    rounds: int = 5
    patience_seconds: float = 5.0
    """No further round begins once the calls of a workload have taken this long: for slow policies, whose time needs
    no fine measure."""
    idle_seconds: float = 0.0
    """Pause after the last decision of the first round, to see whether the policy's process really is idle."""


@dataclass(frozen=True)
class Decisions:
    """The answers of a workload and what they cost."""

    answers: list[Any]
    """One a decision: those of the first round, which are the ones to score."""
    round_trips: np.ndarray
    """float64[rounds, decisions], wall seconds of the round trips; infinite where an answer was another one."""
    echo_seconds: float
    """Least round trip of an echo with the same payload."""

    @property
    def seconds(self) -> np.ndarray:
        """float64[decisions]: the time of each decision."""
        fastest: np.ndarray = self.round_trips.min(axis=0)
        return np.maximum(fastest - self.echo_seconds, FLOOR_SECONDS)

    @property
    def slowest_seconds(self) -> float:
        """Mean time of a decision in the slowest round that gave the scored answers throughout."""
        rounds = self.round_trips[np.isfinite(self.round_trips).all(axis=1)]
        return float(np.maximum(rounds - self.echo_seconds, FLOOR_SECONDS).mean(axis=1).max())

    @property
    def unstable(self) -> float:
        """Share of the repeated decisions that came out differently."""
        repeated = self.round_trips[1:]
        return float(np.isinf(repeated).mean()) if repeated.size else 0.0


def measure(
    policy: Policy,
    function: str,
    calls: Sequence[Arguments],
    throw_away: Arguments,
    seed: int,
    check: Callable[[int, Any], None],
    protocol: Protocol,
) -> Decisions:
    """Ask for the decisions of one workload, in order, and time them.

    policy: in a fresh process, which is also how it is handed back.
    throw_away: arguments of the untimed call, of the same shape as those of `calls`.
    check: called with the number of a decision and its answer in the first round, between the calls.
    Raises Invalid from `check`, and for the rule "work outside the call" where a process used CPU time that its
    calls do not explain, or goes on after its last answer.
    """
    answers: list[Any] = []
    round_trips: list[list[float]] = []
    echo = float("inf")
    spent = 0.0
    while not round_trips or (len(round_trips) < protocol.rounds and spent < protocol.patience_seconds):
        policy.reset(seed)
        policy.call(function, *throw_away)
        called = policy.seconds
        policy.reset(seed)
        current = []
        for number, arguments in enumerate(calls):
            answer = policy.call(function, *arguments)
            called += policy.seconds
            if not round_trips:
                check(number, answer)
                answers.append(answer)
            current.append(policy.seconds if _equal(answer, answers[number]) else float("inf"))
        if not round_trips:
            echo = min(policy.echo(*calls[0]) for _ in range(ECHOES))
        _end_round(policy, called, 0.0 if round_trips else protocol.idle_seconds)
        round_trips.append(current)
        spent += called
    return Decisions(answers, np.array(round_trips), echo)


def _end_round(policy: Policy, called: float, pause: float) -> None:
    """End the process of a round, and see whether its calls explain what it did.

    called: wall seconds of the round's calls, the untimed one included.
    pause: seconds to see first whether it is idle. Raises Invalid.
    """
    if pause > 0:
        _see_idle(policy, pause + (CPU_SHARE - 1) * called)
    used = policy.restart()
    allowed = CPU_SHARE * called + CPU_ALLOWANCE_SECONDS
    if used > allowed:
        raise Invalid(
            "work outside the call",
            f"the process used {used:.3f} s of CPU, but its calls took {called:.3f} s, "
            f"which explains at most {allowed:.3f} s",
        )


def _see_idle(policy: Policy, pause: float) -> None:
    """Watch a process that has answered, and once more if it seems busy: it may have needed a core to come to rest."""
    for _ in range(2):
        busy = policy.pause(pause)
        if busy <= BUSY_SHARE * pause:
            return
    raise Invalid(
        "work outside the call",
        f"its threads ran or waited for a core for {busy:.3f} s in the {pause:.3f} s after its last answer",
    )


def _equal(answer: Any, other: Any) -> bool:
    if isinstance(answer, Mapping):
        return all(_equal(value, other[name]) for name, value in answer.items())
    return bool(np.array_equal(answer, other))
