"""The scale for people: 0 = trivial baseline, 100 = state-of-the-art baseline, by the same evaluator and workloads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Scale:
    """Two values of a metric, in native units."""

    trivial: float
    state_of_the_art: float
    direction: Direction
    half_width: float = 0.0
    """Of the paired 95 % interval of their difference, where instances were resampled."""

    def why_undefined(self) -> str:
        """Why native units are shown instead; nothing where the scale is one."""
        gap = self.state_of_the_art - self.trivial
        if gap <= 0 if self.direction == "maximize" else gap >= 0:
            return "the state-of-the-art baseline is not better than the trivial one"
        if abs(gap) < self.half_width:
            return (
                f"the two baselines of the scale are {abs(gap):.3g} apart, and other instances could move that by "
                f"{self.half_width:.3g} (half of the paired 95 % interval)"
            )
        return ""

    def defined(self) -> bool:
        """Whether there is a score."""
        return not self.why_undefined()

    def score(self, value: float) -> float | None:
        """Position of `value` between the baselines, unbounded on both sides; None where the scale is undefined."""
        if not self.defined():
            return None
        return 100.0 * (value - self.trivial) / (self.state_of_the_art - self.trivial) + 0.0  # never -0.0


@dataclass(frozen=True)
class SplitScale:
    """The scale of a split's primary metric, and of each of its workloads by name."""

    total: Scale | None
    workloads: Mapping[str, Scale]

    def workload_score(self, name: str, value: float | None) -> float | None:
        """Score of one workload, None where it has no scale."""
        scale = self.workloads.get(name)
        return None if scale is None or value is None else scale.score(value)
