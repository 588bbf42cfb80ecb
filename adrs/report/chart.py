"""Step charts as inline SVG: sharp on paper, small, and in the colours of the page they stand in.

A few lines of drawing and no library: what a library writes would weigh a hundred times as much, or need its script.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from adrs.ticks import ticks

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 26, 34
_CHARACTER = 5.7
"""Width of one, about."""
_LABEL_GAP = 13.0
"""Least distance of two labels, one line of text."""


@dataclass(frozen=True, slots=True)
class Series:
    """A best-so-far curve: it stays at a value until the next point, and at the last one until `end`."""

    name: str
    points: Sequence[tuple[float, float]]
    end: float
    kind: str = "run"
    """CSS class: `run` or `control`."""


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line, such as a baseline's."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Frame:
    """What a chart shows, and how large it is in pixels."""

    x_name: str
    y_name: str
    width: int = 460
    """About as wide as it is drawn, so that text has its size."""
    height: int = 250
    low: float | None = None
    """Least value shown; None: the least there is."""


def chart(frame: Frame, series: Sequence[Series], levels: Sequence[Level] = ()) -> Markup:
    """An SVG element with axes, the curves and the levels, each with its name."""
    values = [y for each in series for _, y in each.points] + [level.value for level in levels]
    if not values:
        return Markup("")
    high = max(values)
    low = min(values) if frame.low is None else frame.low
    pad = (high - low) * 0.06 or abs(high) * 0.05 or 1.0
    bottom, top = low - pad, high + pad
    right = max((each.end for each in series), default=1.0) or 1.0
    levels = [level for level in levels if bottom <= level.value <= top]
    wall = frame.width - _RIGHT - round(_CHARACTER * max((len(level.name) for level in levels), default=0))
    inner, tall = wall - _LEFT, frame.height - _TOP - _BOTTOM

    def x(value: float) -> float:
        return _LEFT + inner * min(value, right) / right

    def y(value: float) -> float:
        return _TOP + tall * (1 - (value - bottom) / (top - bottom))

    parts = [_axes(frame, wall, ticks(0.0, right), ticks(bottom, top), x, y)]
    parts += [_level(wall, level, y) for level in levels]
    parts += [_steps(each, bottom, x, y) for each in series]
    parts += _names(wall, levels, y)
    label = f"{frame.y_name} against {frame.x_name}"
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}" class="chart">{}</svg>').format(
        frame.width, frame.height, label, Markup("").join(parts)
    )


_Place = Callable[[float], float]
"""Where a value stands, in pixels."""


def _axes(frame: Frame, wall: int, xs: Sequence[float], ys: Sequence[float], x: _Place, y: _Place) -> Markup:
    floor = frame.height - _BOTTOM
    parts = []
    for value in ys:
        parts.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
            _LEFT, wall, y(value), y(value)))  # fmt: skip
        parts.append(_text(_LEFT - 6, y(value) + 4, f"{value:.6g}", "end"))
    for value in xs:
        at_edge = x(value) > wall - 20
        parts.append(_text(wall if at_edge else x(value), floor + 15, f"{value:.6g}", "end" if at_edge else "middle"))
    parts.append(Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_LEFT, wall, floor, floor))
    parts.append(_text((_LEFT + wall) / 2, frame.height - 4, frame.x_name, "middle"))
    parts.append(_text(4, 10, frame.y_name, "start"))
    return Markup("").join(parts)


def _level(wall: int, level: Level, y: _Place) -> Markup:
    return Markup('<line class="level" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
        _LEFT, wall, y(level.value), y(level.value)
    )


def _steps(series: Series, bottom: float, x: _Place, y: _Place) -> Markup:
    shown = [(at, value) for at, value in series.points if value >= bottom]
    if not shown:
        return Markup("")
    enters = y(bottom if len(shown) < len(series.points) else shown[0][1])  # from below, where the chart is a close-up
    path = f"M{x(shown[0][0]):.1f} {enters:.1f}" + "".join(f"H{x(at):.1f}V{y(value):.1f}" for at, value in shown)
    dots = Markup("").join(
        Markup('<circle cx="{:.1f}" cy="{:.1f}" r="2"/>').format(x(at), y(value)) for at, value in shown
    )
    return Markup('<g class="{}"><title>{}</title><path d="{}H{:.1f}"/>{}</g>').format(
        series.kind, series.name, path, x(series.end), dots
    )


def _names(wall: int, levels: Sequence[Level], y: _Place) -> list[Markup]:
    """Names beside their lines, pushed apart where they would cover each other."""
    parts: list[Markup] = []
    lowest = -math.inf
    for level in sorted(levels, key=lambda each: y(each.value)):
        lowest = max(y(level.value) + 4, lowest + _LABEL_GAP)
        parts.append(_text(wall + 5, lowest, level.name, "start", "level"))
    return parts


def _text(x: float, y: float, text: str, anchor: str, kind: str = "tick") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>').format(
        x, y, anchor, kind, escape(text)
    )
