"""Best so far of one run on `train`: which evaluations found something better, and what had been spent by then."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Axis = Literal["evaluations", "seconds", "usd"]
AXES: tuple[Axis, ...] = ("evaluations", "seconds", "usd")


@dataclass(frozen=True, slots=True)
class Point:
    """An evaluation that was better than all before it."""

    evaluations: int
    """Paid for so far, with this one."""
    seconds: float
    """Worked on the run so far, over all its sessions; breaks between them do not count."""
    usd: float
    """Spent on models so far."""
    fitness: float
    score: float | None = None
    """None where there is no scale."""
    program: int = 0
    """Its number; 0 in figures that were kept before they said so."""

    @property
    def value(self) -> float:
        """Score, or fitness where there is no scale."""
        return self.fitness if self.score is None else self.score


@dataclass(frozen=True, slots=True)
class Scaling:
    """Fitness at score 0 and at score 100, as a run's baselines were measured; two runs agree only without noise."""

    trivial: float
    state_of_the_art: float

    def score(self, fitness: float) -> float:
        """0 = trivial, 100 = state-of-the-art; rounded, since a scale read off scores is not exact to the bit."""
        return round(100.0 * (fitness - self.trivial) / (self.state_of_the_art - self.trivial), 9) + 0.0  # never -0.0


@dataclass(frozen=True)
class Curve:
    """Best-so-far, and where it ends: the best stayed the best until then."""

    points: tuple[Point, ...]
    """One for each improvement, beginning with the seed program."""
    evaluations: int
    seconds: float
    usd: float
    scaling: Scaling | None
    """The run's own scale; None where there is none."""

    @property
    def scaled(self) -> bool:
        """Whether values are scores, on whatever scale, or fitness."""
        return bool(self.points) and all(point.score is not None for point in self.points)

    @property
    def best(self) -> float | None:
        """The last value; None for a run without a program that works."""
        return self.points[-1].value if self.points else None

    def end(self, axis: Axis) -> float:
        """Where the run ended on an axis."""
        return float(getattr(self, axis))

    def at(self, position: float, axis: Axis = "evaluations") -> float | None:
        """Best so far at a position on an axis; None before the first program that works. Flat after the end."""
        reached = [point.value for point in self.points if getattr(point, axis) <= position]
        return reached[-1] if reached else None

    def first(self, level: float, axis: Axis = "evaluations") -> float | None:
        """Where the best so far first reaches a level; None if it never does."""
        return next((float(getattr(point, axis)) for point in self.points if point.value >= level), None)

    def area(self, until: int) -> float | None:
        """Mean of the best so far over the evaluations 1 to `until`: the area under the curve by its width."""
        if not self.points or until < 1:
            return None
        total = 0.0
        for point, following in zip(self.points, [*self.points[1:], None], strict=True):
            begin = min(point.evaluations, until + 1)
            finish = until + 1 if following is None else min(following.evaluations, until + 1)
            total += point.value * (finish - begin)
        known = until + 1 - min(self.points[0].evaluations, until + 1)
        return total / known if known else None

    def plain(self) -> dict[str, Any]:
        """As plain data, with the values."""
        points = [{**asdict(point), "value": point.value} for point in self.points]
        return {**asdict(self), "points": points}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Curve":
        """The reverse of `plain`; raises KeyError or TypeError for other data. Older data have fitness as value."""
        points = tuple(
            Point(each["evaluations"], each["seconds"], each["usd"], each.get("fitness", each["value"]),
                  each.get("score"), each.get("program", 0))
            for each in data["points"]
        )  # fmt: skip
        scaling = None if data["scaling"] is None else Scaling(**data["scaling"])
        return cls(points, data["evaluations"], data["seconds"], data["usd"], scaling)
