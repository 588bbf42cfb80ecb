"""Best-so-far curves of several runs, and how they compare.

Points come in the order of telling, which repeats at any number of workers, so that runs can be compared evaluation by
evaluation; `adrs.lineage.curve` has one run's improvements in the order in which their evaluations ended.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any, Literal

from adrs.store import Reader

Axis = Literal["evaluations", "seconds", "usd"]
AXES: tuple[Axis, ...] = ("evaluations", "seconds", "usd")
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Point:
    """The best so far from here on."""

    evaluations: int
    """Paid for so far, the seed program's included."""
    seconds: float
    """Wall seconds of work on the run, over all its sessions; pauses between sessions do not count."""
    usd: float
    """Dollars for models' answers so far."""
    value: float


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
    """Best-so-far of one run on `train`, as told to its search: in the order that repeats."""

    points: tuple[Point, ...]
    """One for each improvement, beginning with the seed program."""
    evaluations: int
    seconds: float
    usd: float
    """What the search has cost in the end; choosing the winner comes on top."""
    scaling: Scaling | None
    """The run's own scale; None where there is none."""
    scaled: bool = False
    """Whether values are scores, on whatever scale, or fitness."""

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
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Curve":
        """The reverse of `plain`; raises TypeError for other data."""
        points = tuple(Point(**point) for point in data["points"])
        scaling = None if data["scaling"] is None else Scaling(**data["scaling"])
        return cls(**{**data, "points": points, "scaling": scaling})


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Spread of a figure over several runs; infinite where a level was never reached."""

    low: float
    median: float
    high: float


def of(reader: Reader) -> Curve:
    """The curve of a run in fitness, whether it has ended or not."""
    usd = dict(reader.rows("SELECT ticket, SUM(usd) FROM model_call GROUP BY ticket"))
    points: list[Point] = []
    count, dollars, seconds = 0, 0.0, 0.0
    for ticket, seconds, paid, fitness in _told(reader):
        count += paid
        dollars += usd.get(ticket, 0.0)
        if fitness is not None and (not points or fitness > points[-1].value):
            points.append(Point(count, seconds, dollars, fitness))
    return Curve(tuple(points), count, seconds, dollars, _scaling(reader))


def on_one_scale(curves: Sequence[Curve]) -> list[Curve]:
    """Curves of one problem in scores that can be compared; unchanged where one of them has no scale.

    Where measured times enter the metric, baselines and so the scales differ from run to run: the medians of what they
    reached make one scale for all.
    """
    scalings = [curve.scaling for curve in curves if curve.scaling is not None]
    if not curves or len(scalings) < len(curves):
        return list(curves)
    common = Scaling(median(each.trivial for each in scalings), median(each.state_of_the_art for each in scalings))
    return [
        replace(curve, scaled=True, points=tuple(replace(p, value=common.score(p.value)) for p in curve.points))
        for curve in curves
    ]


def _scaling(reader: Reader) -> Scaling | None:
    """What any two evaluations with a score say of it: scores are fitness, moved and stretched."""
    query = "SELECT fitness, score FROM evaluation WHERE split = 'train' AND score IS NOT NULL AND fitness IS NOT NULL"
    ends = [reader.rows(f"{query} ORDER BY fitness {order} LIMIT 1") for order in ("ASC", "DESC")]
    if not ends[0] or ends[0] == ends[1]:
        return None
    (low, low_score), (high, high_score) = ends[0][0], ends[1][0]
    slope = (high - low) / (high_score - low_score)
    return Scaling(low - low_score * slope, low + (100.0 - low_score) * slope)


def _told(reader: Reader) -> Iterator[tuple[int, float, bool, float | None]]:
    """Tickets in the order of telling: the seconds of work until then, whether it was paid for, and its fitness."""
    paid = {row[0] for row in reader.rows("SELECT ticket FROM event WHERE kind = 'evaluated' AND ticket IS NOT NULL")}
    programs = dict(reader.rows("SELECT ticket, id FROM program"))
    asked = "SELECT ticket, payload FROM event WHERE kind = 'asked' AND payload LIKE '%\"promote\"%'"
    programs |= {ticket: json.loads(payload)["promote"] for ticket, payload in reader.rows(asked)}
    evaluations: defaultdict[int, list[float | None]] = defaultdict(list)
    for number, fitness in reader.rows("SELECT program, fitness FROM evaluation WHERE split = 'train' ORDER BY id"):
        evaluations[number].append(fitness)
    worked, begun, last = 0.0, None, 0.0
    work = "SELECT kind, ticket, time FROM event WHERE kind NOT IN ('note', 'hint', 'steered') ORDER BY id"
    for kind, ticket, time in reader.rows(work):
        if kind == "started":
            worked += last - begun if begun is not None else 0.0
            begun = time
        elif kind == "told":
            left = evaluations[programs[ticket]]  # a promoted program has one evaluation for each of its tickets
            seconds = worked + time - (time if begun is None else begun)
            yield ticket, seconds, ticket in paid, left.pop(0) if left else None
        last = time


def quartiles(values: Sequence[float | None]) -> Quartiles | None:
    """Lower quartile, median and upper quartile, interpolated linearly; None counts as infinite, no value as None."""
    if not values:
        return None
    ordered = sorted(math.inf if value is None else value for value in values)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
        return below if below == above else below + (above - below) * (place - math.floor(place))

    return Quartiles(at(0.25), at(0.5), at(0.75))


def band(curves: Sequence[Curve], positions: Sequence[float], axis: Axis = "evaluations") -> list[Quartiles | None]:
    """Quartiles of the best so far over runs at positions on an axis; None where some run has no value yet."""
    found = [[curve.at(position, axis) for curve in curves] for position in positions]
    return [None if any(value is None for value in values) else quartiles(values) for values in found]


def positions(until: float, count: int) -> list[float]:
    """`count` even positions of which the last is `until`."""
    return [until * (place + 1) / count for place in range(count)]


def sparkline(values: Sequence[float | None], low: float, high: float) -> str:
    """A bar for each value between `low` and `high`; a space where there is none. Lower ones are drawn as `low`."""
    span = (high - low) or 1.0
    top = len(_BARS) - 1
    return "".join(
        " " if value is None else _BARS[round(min(1.0, max(0.0, (value - low) / span)) * top)] for value in values
    )
