"""The table as a picture: what a decision costs against its score, and the workloads one by one. Plain SVG.

It needs no library and no browser, is the same whenever the numbers are, and weighs a few kilobytes.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from adrs.distill import pareto
from adrs.distill.pareto import Entry
from adrs.text import number, printable
from adrs.ticks import ticks

_WIDTH, _HEIGHT = 960, 440
_TOP, _BOTTOM, _LEFT = 64, 52, 58
_WIDE, _NARROW, _GAP = 560, 270, 64
"""Widths of the panels, and between them."""
_APART = 90
"""Width of the strip for programs."""
_CHARACTER = 7.0
"""Width of one in a label, about."""
_COLOURS = ("#1f5fbf", "#c2571a", "#19753a", "#7a3fb0", "#b3261e", "#5d6670", "#b08900", "#0b7a85")
_SHAPES = ("M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0", "M-4.5 -4.5h9v9h-9z", "M0 -6L6 0L0 6L-6 0z", "M0 -6L5.5 4H-5.5z",
           "M0 6L5.5 -4H-5.5z", "M-6 -2h4v-4h4v4h4v4h-4v4h-4v-4h-4z")  # fmt: skip
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.name{font-weight:600}.faint{fill:#666}.grid{stroke:#e4e4e4}"
    ".axis{stroke:#222}.level{stroke:#888;stroke-dasharray:6 4}.front{fill:none;stroke:#5d6670}"
    ".ring{fill:none;stroke:#b3261e;stroke-width:2}"
)
_STEPS = (0, 1, 2, 5, *(step * 10**power for power in range(1, 7) for step in (1, 2, 5)))
"""Numbers of the axis of costs."""
_Place = Callable[[float], float]
"""Where a value stands, in pixels."""


@dataclass(frozen=True)
class _Point:
    entry: Entry
    cost: int | None
    score: float
    kind: int
    """Place among the kinds."""


@dataclass(frozen=True)
class _Panel:
    """A rectangle with two axes, in pixels."""

    left: float
    right: float
    x: _Place
    y: _Place


def picture(
    entries: Sequence[Entry], original: Mapping[str, float] | None = None, chosen: Mapping[str, float] | None = None
) -> str:
    """An SVG document. The cost is the operations of a decision, on a logarithmic axis that holds 0 too; where there
    are programs only, of which nobody counts them, the nodes. Beside rules, programs stand apart at the left.

    original, chosen: values by workload; those that both have are drawn against each other in a second panel.
    """
    shared = [name for name in original or () if chosen and name in chosen]
    rows = [(entry, score) for entry in entries if (score := entry.scores.get("validation")) is not None]
    kinds = list(dict.fromkeys(entry.kind for entry, _ in rows if entry.kind not in pareto.BASELINES))
    known = any(pareto.place(entry) for entry in entries)
    points = [_Point(entry, entry.operations if known else entry.nodes, score, kinds.index(entry.kind))
              for entry, score in rows if entry.kind in kinds]  # fmt: skip
    levels = [(entry, score) for entry, score in rows if entry.kind in pareto.BASELINES]
    parts = [_legend(kinds, any(each.entry.chosen for each in points), known)]
    parts += _costs(points, levels, pareto.front(entries), known)
    if original and chosen and shared:
        parts += _workloads([(name, original[name], chosen[name]) for name in shared])
    width = _WIDTH if shared else _LEFT + _WIDE + 20
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" '
        'aria-label="cost of a decision against the score on validation"><style>{2}</style>'
        '<rect width="{0}" height="{1}" fill="#fff"/>{3}</svg>\n'
    ).format(width, _HEIGHT, Markup(_STYLE), Markup("").join(parts))


def _costs(
    points: Sequence[_Point], levels: Sequence[tuple[Entry, float]], front: Sequence[Entry], known: bool
) -> list[Markup]:
    """The panel of costs against scores. known: costs are operations, and not nodes."""
    right, apart = _LEFT + _WIDE, [each for each in points if each.cost is None]
    left = _LEFT + (_APART if apart else 0)
    costs = [each.cost for each in points if each.cost is not None]
    x, numbers = (_logarithmic if known else _from_zero)(costs or [1], left, right)
    bottom, top = _scores([each.score for each in points], [score for _, score in levels])
    panel = _Panel(_LEFT, right, x, _linear(bottom, top, _HEIGHT - _BOTTOM, _TOP))
    title = "operations of one decision" if known else "nodes of the program"
    parts = [
        _axes(panel, numbers, ticks(bottom, top)), *_levels(panel, levels, bottom, top),
        _text((left + right) / 2, _HEIGHT - 12, title, "middle"), _text(_LEFT, _TOP - 10, "score on validation"),
    ]  # fmt: skip
    if apart:
        line = Markup('<line class="grid" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>')
        parts += [line.format(left, _TOP, _HEIGHT - _BOTTOM),
                  _text(_LEFT + _APART / 2, _HEIGHT - _BOTTOM + 18, "programs", "middle")]  # fmt: skip
    steps = [place for entry in front if (place := pareto.place(entry)) is not None]
    if len(steps) > 1:
        path = "".join(f"H{x(cost):.1f}V{panel.y(score):.1f}" for cost, score in steps[1:])
        start = x(steps[0][0]), panel.y(steps[0][1])
        parts.append(Markup('<path class="front" d="M{:.1f} {:.1f}{}"/>').format(*start, path))
    at = [(each, _LEFT + _APART * (apart.index(each) + 1) / (len(apart) + 1) if each.cost is None else x(each.cost),
           panel.y(each.score)) for each in points]  # fmt: skip
    parts += [_mark(*each) for each in at]
    return [*parts, *_labels([each for each in at if each[0].entry.chosen or each[0].entry in front], right)]


def _mark(point: _Point, x: float, y: float) -> Markup:
    """A marker; who points at it reads what it is."""
    entry = point.entry
    costs = [f"{count} {unit}, " for count, unit in ((entry.nodes, "nodes"), (entry.operations, "operations"))
             if count is not None]  # fmt: skip
    said = printable(f"{entry.name}: {''.join(costs)}{number(point.score)} on validation")
    ring = Markup('<circle class="ring" cx="{:.1f}" cy="{:.1f}" r="10"/>').format(x, y) if entry.chosen else ""
    return Markup('<g><title>{}</title>{}<path transform="translate({:.1f} {:.1f})" d="{}" fill="{}"/></g>').format(
        said, ring, x, y, _SHAPES[point.kind % len(_SHAPES)], _COLOURS[point.kind % len(_COLOURS)]
    )


def _labels(at: Sequence[tuple[_Point, float, float]], right: float) -> Iterator[Markup]:
    """The name of what was chosen, and times; only where there is room, the chosen one first."""
    taken: list[tuple[float, float]] = []
    for point, x, y in sorted(at, key=lambda each: not each[0].entry.chosen):
        words = ["chosen"] if point.entry.chosen else []
        words += [f"{pareto.time(point.entry.nanoseconds['c'])} ns"] if "c" in point.entry.nanoseconds else []
        half = _CHARACTER * len(", ".join(words)) / 2
        centre = min(x, right - half)
        for place in (y - 14, y + 22):
            if words and all(abs(centre - other) > 2 * half + 6 or abs(place - line) > 13 for other, line in taken):
                taken.append((centre, place))
                yield _text(centre, place, ", ".join(words), "middle", "name" if point.entry.chosen else "")
                break


def _levels(panel: _Panel, levels: Sequence[tuple[Entry, float]], bottom: float, top: float) -> Iterator[Markup]:
    """Baselines as lines; those that lie below are named above the panel."""
    below = []
    for entry, score in levels:
        name = printable(f"{entry.name} ({entry.kind})")
        if bottom <= score <= top:
            at = panel.y(score)
            yield Markup('<line class="level" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
                panel.left, panel.right, at, at)  # fmt: skip
            yield _text(panel.right, at - 5, name, "end", "faint")
        else:
            below.append(f"{name} {number(score)}")
    if below:
        yield _text(panel.right, _TOP - 10, f"below: {', '.join(below)}", "end", "faint")


def _workloads(rows: Sequence[tuple[str, float, float]]) -> list[Markup]:
    """The panel of the original's values against those of what was chosen, with the line where they are equal."""
    left = _LEFT + _WIDE + _GAP
    right = left + _NARROW
    low, high = _widened(min(min(a, b) for _, a, b in rows), max(max(a, b) for _, a, b in rows))
    x, y = _linear(low, high, left, right), _linear(low, high, _HEIGHT - _BOTTOM, _TOP)
    panel = _Panel(left, right, x, y)
    parts = [_axes(panel, _spaced(ticks(low, high, 4), x), ticks(low, high))]
    parts.append(Markup('<line class="level" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
        x(low), y(low), x(high), y(high)))  # fmt: skip
    for name, before, after in rows:
        parts.append(Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3.5" fill="{}" fill-opacity="0.7"><title>{}</title>'
                            "</circle>").format(x(before), y(after), _COLOURS[0], printable(
            f"{name}: {before:.6g} -> {after:.6g}")))  # fmt: skip
    parts.append(_text(left, _TOP - 10, "chosen, by workload of validation", "start"))
    return [*parts, _text((left + right) / 2, _HEIGHT - 12, "original", "middle")]


def _legend(kinds: Sequence[str], chosen: bool, front: bool) -> Markup:
    """A marker and a word for each kind."""
    parts, x = [], float(_LEFT)
    for place, kind in enumerate(kinds):
        mark = Markup('<path transform="translate({:.1f} 20)" d="{}" fill="{}"/>').format(
            x, _SHAPES[place % len(_SHAPES)], _COLOURS[place % len(_COLOURS)])  # fmt: skip
        parts += [mark, _text(x + 11, 24, kind, "start")]
        x += 34 + _CHARACTER * len(kind)
    if chosen:
        parts += [Markup('<circle class="ring" cx="{:.1f}" cy="20" r="7"/>').format(x), _text(x + 13, 24, "chosen")]
        x += 74
    if front:
        parts += [Markup('<path class="front" d="M{:.1f} 20h18"/>').format(x), _text(x + 24, 24, "front")]
    return Markup("").join(parts)


def _axes(panel: _Panel, xs: Sequence[float], ys: Sequence[float]) -> Markup:
    floor = _HEIGHT - _BOTTOM
    parts = []
    for value in ys:
        at = panel.y(value)
        parts.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
            panel.left, panel.right, at, at))  # fmt: skip
        parts.append(_text(panel.left - 7, at + 4, f"{value:.6g}", "end"))
    for value in xs:
        at = panel.x(value)
        parts.append(Markup('<line class="axis" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
            at, floor, floor + 4))  # fmt: skip
        parts.append(_text(at, floor + 18, f"{value:.6g}", "middle"))
    parts.append(Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
        panel.left, panel.right, floor, floor))  # fmt: skip
    return Markup("").join(parts)


def _scores(scores: Sequence[float], levels: Sequence[float]) -> tuple[float, float]:
    """The range of an axis: of all scores, and of baselines that are not far below all of them."""
    low, high = min([*scores, *([] if scores else levels)], default=0.0), max([*scores, *levels], default=1.0)
    near = [each for each in levels if each >= low - 2 * max(high - low, 5.0)]
    return _widened(min([low, *near]), high)


def _widened(low: float, high: float) -> tuple[float, float]:
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return low - pad, high + pad


def _logarithmic(costs: Sequence[float], start: float, end: float) -> tuple[_Place, list[float]]:
    """An axis of log(1 + cost), and its numbers."""
    low, high = _widened(math.log1p(min(costs)), math.log1p(max(costs)))
    place = _linear(low, high, start, end)

    def x(cost: float) -> float:
        return place(math.log1p(cost))

    return x, _spaced([step for step in _STEPS if low <= math.log1p(step) <= high], x)


def _from_zero(costs: Sequence[float], start: float, end: float) -> tuple[_Place, list[float]]:
    """An axis from 0, and its numbers."""
    high = 1.06 * max(costs)
    return _linear(0.0, high, start, end), ticks(0.0, high)


def _linear(low: float, high: float, start: float, end: float) -> _Place:
    return lambda value: start + (end - start) * (value - low) / (high - low)


def _spaced(values: Sequence[float], x: _Place, least: float = 34.0) -> list[float]:
    """Those that do not stand in each other's way."""
    kept: list[float] = []
    for value in values:
        if not kept or x(value) - x(kept[-1]) >= least:
            kept.append(value)
    return kept


def _text(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>').format(x, y, anchor, kind, text)
