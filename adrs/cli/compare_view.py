"""Runs side by side, drawn for a terminal of any width."""

import math
import string
from pathlib import Path

from rich.console import Console

from adrs.cli.output import console, metric, number, print_trust, safe, table
from adrs.compare import Comparison, Entry
from adrs.lineage import curves
from adrs.lineage.control import CONTROL
from adrs.lineage.curve import AXES, Axis
from adrs.lineage.curves import Quartiles

_SHARES = (0.1, 0.25, 0.5, 1.0)
_NARROWEST_SPARKLINE, _WIDEST_SPARKLINE = 8, 60
_KIND_WIDTH = 24
_KEY_WIDTH = 4


def print_comparison(made: Comparison, runs_dir: Path) -> None:
    """Which runs, then the best so far on each axis, then kinds of runs that come several times."""
    out = console()
    what = "score so far on train (0 = trivial, 100 = state-of-the-art)" if made.scaled else "fitness so far on train"
    out.print(f"[bold]{safe(made.problem)}[/]: best {what}")
    print_trust(out, made.entries[0].info.trust)
    if made.rescaled:
        out.print("The baselines hold measured times, which differ from run to run: scores in the tables are on the "
                  "scale of their medians.", soft_wrap=True)  # fmt: skip
    out.print()
    for key, entry in zip(_keys(made), made.entries, strict=True):
        out.print(_described(key, entry, made, runs_dir), soft_wrap=True)
    if made.control is None:
        out.print(f"   no control: no run of this problem with `--search {CONTROL}` in {safe(str(runs_dir))}",
                  style="dim")  # fmt: skip
    for axis in AXES:
        if made.common(axis) > 0:
            out.print()
            _print_axis(out, made, axis)
    if len(made.entries) > len({entry.kind for entry in made.entries}):
        out.print()
        _print_groups(out, made)


def _keys(made: Comparison) -> list[str]:
    letters = string.ascii_uppercase
    return [letters[at % 26] + (str(at // 26) if at >= 26 else "") for at in range(len(made.entries))]


def _described(key: str, entry: Entry, made: Comparison, runs_dir: Path) -> str:
    curve = entry.curve
    cost = f", ${curve.usd:.4f}" if curve.usd else ""
    role = ""
    if entry is made.control:
        role = f"  [cyan]the control{f', found in {safe(str(runs_dir))}' if made.found else ''}[/]"
    measured = [f"{split} {number(score)}" for split, score in entry.score.items() if score is not None]
    winner = f"; winner #{entry.winner}: {', '.join(measured)}" if measured else ""
    return (f"[bold]{key}[/]  {safe(entry.name)}  seed {entry.info.seed}, {curve.evaluations} evaluations, "
            f"{curve.seconds:.0f} s{cost}{winner}{role}")  # fmt: skip


def _print_axis(out: Console, made: Comparison, axis: Axis) -> None:
    """A row for each run: its best so far at parts of the way that all runs went, and the way as bars."""
    until = made.common(axis)
    stops = [_rounded(share * until, axis) for share in _SHARES]
    columns = ["", "kind", *(f">{_position(stop, axis)}" for stop in stops)]
    if axis == "evaluations":
        columns += [">mean", *([">to 0", ">to 100"] if made.scaled else []), *([">to control"] if made.control else [])]
    rows = []
    for key, entry in zip(_keys(made), made.entries, strict=True):
        curve = entry.curve
        row = [f"[bold]{key}[/]", safe(entry.kind[:_KIND_WIDTH])]
        row += [_value(curve.at(stop, axis), made.scaled) for stop in stops]
        if axis == "evaluations":
            row.append(_value(curve.area(int(until)), made.scaled))
            if made.scaled:
                row += [_count(curve.first(0.0)), _count(curve.first(100.0))]
            if made.control:
                row.append(_count(made.to_control(entry)))
        rows.append(row)
    sparklines = _sparklines(made, axis, out.width - out.measure(table(columns, rows)).maximum - 2)
    below = [] if sparklines else _sparklines(made, axis, out.width - _KEY_WIDTH)
    if sparklines:
        columns.append("")
        rows = [[*row, f"[cyan]{drawn}[/]"] for row, drawn in zip(rows, sparklines, strict=True)]
    out.print({"evaluations": "by evaluations", "seconds": "by seconds of work", "usd": "by dollars"}[axis])
    out.print(table(columns, rows))
    if axis == "evaluations":
        out.print(_legend(made), style="dim")
    for key, drawn in zip(_keys(made), below, strict=False):
        out.print(f"[bold]{key:<{_KEY_WIDTH}}[/][cyan]{drawn}[/]")


def _legend(made: Comparison) -> str:
    """What the last columns of the table by evaluations say."""
    goals = {"to 0": "the trivial baseline", "to 100": "the state-of-the-art baseline"} if made.scaled else {}
    if made.control:
        goals["to control"] = "what the control has in the last column"
    until = f"; {', '.join(goals)}: evaluations until {', '.join(goals.values())} was reached" if goals else ""
    return f"mean: of the best so far, over all evaluations{until}"


def _sparklines(made: Comparison, axis: Axis, room: int) -> list[str]:
    """One for each run, on the same scale; none where there is too little room."""
    if room < _NARROWEST_SPARKLINE:
        return []
    places = curves.positions(made.common(axis), min(room, _WIDEST_SPARKLINE))
    values = [[entry.curve.at(place, axis) for place in places] for entry in made.entries]
    known = [value for row in values for value in row if value is not None]
    if not known:
        return []
    high = max(known)
    low = max(min(known), 0.0) if made.scaled and high > 0 else min(known)  # far below 0 would flatten the rest
    return [curves.sparkline(row, low, high) for row in values]


def _print_groups(out: Console, made: Comparison) -> None:
    until = int(made.common("evaluations"))
    out.print(f"runs of one kind, after {until} evaluations: median and quartiles")
    rows = []
    for group in made.groups():
        row = [safe(group.kind), str(group.runs), _spread(group.best, made.scaled), _spread(group.mean, made.scaled)]
        if group.to_state_of_the_art is not None:
            shown = group.to_state_of_the_art
            row.append(f"{_count(shown.median)} \\[{_count(shown.low)}, {_count(shown.high)}]")
        rows.append(row)
    out.print(table(["kind", ">runs", ">best", ">mean so far", *([">to 100"] if made.scaled else [])], rows))


def _spread(values: Quartiles, scaled: bool) -> str:
    low, middle, high = (_value(value, scaled) for value in (values.low, values.median, values.high))
    return f"[bold]{middle}[/] \\[{low}, {high}]"


def _value(value: float | None, scaled: bool) -> str:
    return number(value, 2) if scaled else metric(value)


def _count(value: float | None) -> str:
    return "never" if value is None or math.isinf(value) else f"{value:.0f}"


def _rounded(position: float, axis: Axis) -> float:
    return float(max(1, round(position))) if axis == "evaluations" else position


def _position(position: float, axis: Axis) -> str:
    return {"evaluations": f"at {position:.0f}", "seconds": f"{position:.1f} s", "usd": f"${position:.3g}"}[axis]
