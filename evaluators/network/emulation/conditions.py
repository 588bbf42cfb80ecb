"""The links on which simulation and emulation are compared."""

from collections.abc import Mapping
from dataclasses import dataclass

from evaluators.network.layout import MONITOR, SECOND
from evaluators.network.scenario import Flow, Scenario

MEGA, MILLI = 10**6, SECOND // 1000
LOWEST, HIGHEST = 50_000, 80 * MEGA
"""Where a policy's rate is kept, bit/s: twice what the emulated link carries at most."""
MOST_CAPACITY = 40 * MEGA
"""bit/s that processes in Python forward in time."""
_WAVE = 5
"""Seconds of a half of the square wave."""


@dataclass(frozen=True)
class Condition:
    """One bottleneck with a single flow."""

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

    @property
    def dynamic(self) -> bool:
        """Whether the capacity changes."""
        return len(self.rates) > 1

    @property
    def description(self) -> str:
        """For people."""
        rate = "/".join(f"{rate / MEGA:g}" for rate in self.rates)
        lossy = f", {100 * self.loss:g} % loss" if self.loss else ""
        return f"{rate} Mbit/s, {self.base / MILLI:g} ms, {self.limit / 1000:g} kB{lossy}"

    def scenario(self, seconds: float, kind: int = MONITOR, seed: int = 1) -> Scenario:
        """The link for the packet engine; the flow starts at half of the first capacity."""
        changes = 1 if not self.dynamic else max(1, round(seconds / _WAVE + 0.5))
        rates = tuple((_WAVE * part * SECOND, self.rates[part % len(self.rates)]) for part in range(changes))
        flow = Flow(kind, self.base, self.rates[0] // 2, LOWEST, HIGHEST)
        return Scenario(rates, self.limit, round(seconds * SECOND), (flow,), loss=self.loss, seed=seed)


DEFAULT = (
    Condition("steady", (30 * MEGA,), 60 * MILLI, 75_000, 15),
    Condition("deep", (30 * MEGA,), 60 * MILLI, 225_000, 15),
    Condition("lossy", (30 * MEGA,), 60 * MILLI, 75_000, 15, loss=0.02),
    Condition("wave", (20 * MEGA, 40 * MEGA), 60 * MILLI, 225_000, 25),
    Condition("slow", (12 * MEGA,), 100 * MILLI, 150_000, 15),
    Condition("fast", (40 * MEGA,), 20 * MILLI, 100_000, 15),
)
BY_NAME: Mapping[str, Condition] = {condition.name: condition for condition in DEFAULT}
