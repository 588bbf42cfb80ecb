"""The links on which simulation and emulation are compared."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from evaluators.network.layout import BBR, CUBIC, MONITOR, SECOND
from evaluators.network.scenario import Flow, Scenario
from evaluators.network.wide_area import with_native

MEGA, MILLI = 10**6, SECOND // 1000
LOWEST, HIGHEST = 50_000, 80 * MEGA
"""Where a policy's rate is kept, bit/s; up to twice the capacity where that is more."""
_NAMES = {MONITOR: "one more of its own, 5 s later", CUBIC: "a CUBIC flow", BBR: "a BBR flow"}
_LATER = 5 * SECOND
_WAVE = 5
"""Seconds of a half of the square wave."""


@dataclass(frozen=True)
class Condition:
    """One bottleneck with a flow, and another one beside it where `beside` says so."""

    name: str
    rates: tuple[int, ...]
    """Capacities in turn, bit/s, for five seconds each where there is more than one."""
    base: int
    """Propagation there and back, ns."""
    limit: int
    """Bytes of queue."""
    seconds: float
    loss: float = 0.0
    """Probability of a random loss."""
    beside: int | None = None
    """Kind of another flow: an algorithm, or MONITOR for one more that is driven like the first and starts later."""

    @property
    def dynamic(self) -> bool:
        """Whether the capacity changes."""
        return len(self.rates) > 1

    def description(self, seconds: float) -> str:
        """For people: what there is of the condition within so many seconds."""
        reached = self.rates[: max(1, math.ceil(seconds / _WAVE))]
        rate = "/".join(f"{rate / MEGA:g}" for rate in reached)
        lossy = f", {100 * self.loss:g} % loss" if self.loss else ""
        beside = "" if self.beside is None else f", beside {_NAMES[self.beside]}"
        if self.beside == MONITOR and seconds * SECOND <= _LATER:
            beside = ", alone, since it ends before another one starts"
        return f"{rate} Mbit/s, {self.base / MILLI:g} ms, {self.limit / 1000:g} kB{lossy}{beside}"

    def scenario(self, seconds: float, kind: int = MONITOR, seed: int = 1) -> Scenario:
        """The link for the packet engine; flows start at half of the first capacity, or of their share of it."""
        changes = 1 if not self.dynamic else max(1, round(seconds / _WAVE + 0.5))
        rates = tuple((_WAVE * part * SECOND, self.rates[part % len(self.rates)]) for part in range(changes))
        first = self.rates[0] // (2 if self.beside is None else 4)
        flows = [Flow(kind, self.base, first, LOWEST, max(HIGHEST, 2 * max(self.rates)))]
        if self.beside == MONITOR:
            flows.append(replace(flows[0], start=_LATER))
        elif self.beside is not None:
            flows.append(with_native(flows[0], self.beside))
        return Scenario(
            rates, self.limit, round(seconds * SECOND), tuple(flows), loss=self.loss, seed=seed,
            slice_length=SECOND if self.beside is not None else 0,
        )  # fmt: skip


_PRODUCT = 225_000
"""Bytes: 30 Mbit/s times 60 ms."""
DEFAULT = (
    Condition("steady", (30 * MEGA,), 60 * MILLI, 75_000, 15),
    Condition("deep", (30 * MEGA,), 60 * MILLI, _PRODUCT, 15),
    Condition("lossy", (30 * MEGA,), 60 * MILLI, 75_000, 15, loss=0.02),
    Condition("wave", (20 * MEGA, 40 * MEGA), 60 * MILLI, 225_000, 25),
    Condition("slow", (12 * MEGA,), 100 * MILLI, 150_000, 15),
    Condition("fast", (40 * MEGA,), 20 * MILLI, 100_000, 15),
)
_UNEVEN = 60 * MILLI + MILLI // 10
"""No multiple of the 0.4 ms of a packet: else what an acknowledgement sets off reaches a full queue at the very moment
in which a packet leaves it, finds room again and again, and other senders do not (traffic phase effects, Floyd and
Jacobson, SIGCOMM CCR 1991). On a real clock there is no such moment.
"""
ON_DEMAND = (
    Condition("hundred", (100 * MEGA,), 20 * MILLI, 250_000, 15),
    Condition("beside-cubic", (30 * MEGA,), _UNEVEN, _PRODUCT, 30, beside=CUBIC),
    Condition("beside-bbr", (30 * MEGA,), _UNEVEN, _PRODUCT, 30, beside=BBR),
    Condition("pair", (30 * MEGA,), _UNEVEN, _PRODUCT, 30, beside=MONITOR),
)
"""Faster than the others, or with another flow; only run when asked for by name."""
BY_NAME: Mapping[str, Condition] = {condition.name: condition for condition in (*DEFAULT, *ON_DEMAND)}
