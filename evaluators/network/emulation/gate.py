"""The lateness gate: a run in which the machine could not keep up is void, and never a result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from adrs.errors import UserError

ATTEMPTS = 3
_LATE = 2_000_000
_BEHIND = 10_000_000
_MILLI = 1e6
Outcome = TypeVar("Outcome")


class Void(Exception):  # noqa: N818 - what the run is
    """The machine was not on time, or the kernel lost a datagram."""


class MachineTooBusy(UserError):  # noqa: N818 - what it is
    """Every repetition of a run was void: nothing is known, of no program."""


@dataclass(frozen=True)
class Lateness:
    """Real minus due time of forwarding, ns."""

    mean: float
    percentile_99: float
    worst: float


def lateness(late: Sequence[int]) -> Lateness:
    """Of all packets that were forwarded, both ways."""
    values = np.array(late if len(late) else [0], dtype=np.float64)
    return Lateness(float(values.mean()), float(np.quantile(values, 0.99)), float(values.max()))


def judge(found: Lateness, behind: int, waited: int, counts: Mapping[str, tuple[int, int]]) -> None:
    """Raise Void for a run that is none.

    behind, waited: ns that the sender was late at most, and that a decision took at most.
    counts: by place, how many datagrams went in and how many came out.
    """
    reasons = [f"{sent - came} of {sent} datagrams were lost by the kernel {where}"
               for where, (sent, came) in counts.items() if sent != came]  # fmt: skip
    if found.percentile_99 > _LATE:
        reasons.append(f"1 % of the packets were forwarded more than {found.percentile_99 / _MILLI:.1f} ms late")
    if behind > _BEHIND:
        slow = f", and a decision took up to {waited / _MILLI:.0f} ms" if waited > _BEHIND / 2 else ""
        reasons.append(f"the sender was {behind / _MILLI:.0f} ms behind its schedule{slow}")
    if reasons:
        raise Void("; ".join(reasons))


def repeated(run: Callable[[], Outcome]) -> tuple[Outcome, list[str]]:
    """A run that counts, and why those before it did not. Raises MachineTooBusy after three that are void."""
    reasons: list[str] = []
    while len(reasons) < ATTEMPTS:
        try:
            return run(), reasons
        except Void as void:
            reasons.append(str(void))
    raise MachineTooBusy(f"machine too busy for emulation: {ATTEMPTS} runs were void, the last because {reasons[-1]}")
