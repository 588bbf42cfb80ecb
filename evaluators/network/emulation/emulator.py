"""The emulation of the wide-area problem, as the engine sees it."""

from collections.abc import Mapping, Sequence

from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Condition, Deviation
from evaluators.network.emulation import comparison, probes, workloads
from evaluators.network.emulation.conditions import BY_NAME, DEFAULT
from evaluators.network.emulation.workloads import BACKENDS, EMULATED, KERNEL, SIMULATED

_LEAST_SECONDS, _MOST_SECONDS = 1.0, 600.0


class NetworkEmulation:
    """Implements adrs.evaluation.Emulation."""

    backends: Sequence[str] = BACKENDS

    def conditions(self, backend: str, names: Sequence[str], seconds: float | None) -> list[Condition]:
        """The links of `conditions`, in their order; those that need more only by name."""
        for name in names:
            if name not in BY_NAME:
                raise UserError(f'there is no condition "{name}"{did_you_mean(name, BY_NAME)}')
        if seconds is not None and not _LEAST_SECONDS <= seconds <= _MOST_SECONDS:
            raise UserError(f"a condition lasts {_LEAST_SECONDS:g} to {_MOST_SECONDS:g} s, not {seconds:g}")
        missing = probes.missing(backend)
        if missing:
            raise UserError(f"backend {backend} does not work here: {missing}")
        made = []
        for condition in BY_NAME.values():
            if condition.name not in (names or [each.name for each in DEFAULT]):
                continue
            duration = seconds or condition.seconds
            specs = [workloads.spec(condition.name, family, duration, backend) for family in (SIMULATED, EMULATED)]
            made.append(Condition(condition.name, condition.description(duration), specs[0], specs[1], duration))
        return made

    def __init__(self, natives: Sequence[str]) -> None:
        """Take the names of the simulator's native baselines."""
        self._natives = natives

    def baselines(self, backend: str, names: Sequence[str] | None) -> Sequence[str]:
        """One that takes every loss for congestion and one that does not; through a TUN device the kernel's, too."""
        kernel = [f"{KERNEL}cubic", f"{KERNEL}bbr"] if backend == "tun" else []
        if names is None:
            return ["cubic", "bbr", *kernel]
        for name in names:
            if name.startswith(KERNEL) and not kernel:
                raise UserError(f'baseline "{name}" is the kernel\'s own, which --backend tun alone can measure')
            if name not in self._natives and not name.startswith(KERNEL):
                raise UserError(f'there is no native baseline "{name}"{did_you_mean(name, [*self._natives, *kernel])}')
        return names

    def deviations(
        self, condition: str, native: str, simulated: Mapping[str, float], emulated: Mapping[str, float]
    ) -> list[Deviation]:
        """Throughput and round-trip times, see `comparison`."""
        return comparison.deviations(BY_NAME[condition], native.removeprefix(KERNEL), simulated, emulated)
