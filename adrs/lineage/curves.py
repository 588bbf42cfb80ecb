"""How best-so-far curves of several runs compare."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from adrs.lineage.curve import Axis, Curve, Scaling

_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Spread of a figure over several runs; infinite where a level was never reached."""

    low: float
    median: float
    high: float


def on_one_scale(curves: Sequence[Curve]) -> list[Curve]:
    """Curves of one problem in scores that can be compared; in fitness where one of them has no scale.

    Where measured times enter the metric, baselines and so the scales differ from run to run: the medians of what they
    reached make one scale for all.
    """
    scalings = [curve.scaling for curve in curves if curve.scaling is not None]
    if not curves or len(scalings) < len(curves):
        return [_rescaled(curve, lambda fitness: None) for curve in curves]
    common = Scaling(median(each.trivial for each in scalings), median(each.state_of_the_art for each in scalings))
    return [_rescaled(curve, common.score) for curve in curves]


def _rescaled(curve: Curve, score: Callable[[float], float | None]) -> Curve:
    return replace(curve, points=tuple(replace(point, score=score(point.fitness)) for point in curve.points))


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
