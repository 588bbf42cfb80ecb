"""Plots that people expect, as Plotly figures: in a notebook, on a page, or with `save` as a file.

Needs the extra `plots` (plotly, and kaleido with a browser for PNG, SVG and PDF). All functions take readers:

    from adrs import plots
    from adrs.store import Reader
    plots.best_so_far({"adaptive": [Reader(path) for path in paths]}).show()
"""

import statistics
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from adrs import lineage
from adrs.errors import UserError, did_you_mean
from adrs.lineage import Curve, Tree
from adrs.lineage.curve import AXES, Axis
from adrs.store import Reader
from adrs.text import printable

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Cost = Literal["usd", "seconds", "cpu_seconds"]
_NAMES = {"evaluations": "evaluations", "seconds": "seconds of work", "usd": "dollars for models",
          "cpu_seconds": "CPU seconds of evaluations"}  # fmt: skip
_COLOURS = ("#1f5fbf", "#c2571a", "#19753a", "#7a3fb0", "#b3261e", "#5d6670", "#b08900", "#0b7a85")
_SIDES = ("top center", "bottom center", "middle right", "middle left")
"""Where names stand of points that may lie close together."""
_PICTURES = {".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp"}


def best_so_far(runs: Mapping[str, Reader | Sequence[Reader]], axis: Axis = "evaluations") -> "Figure":
    """Best score on train against what was spent: for each name the median over its runs, least to most as a band.

    A run counts at a place while it has got that far. Where there is no scale, fitness is shown. Raises UserError for
    runs of different problems, and for an axis that there is not.
    """
    if axis not in AXES:
        raise UserError(f'there is no axis "{axis}"{did_you_mean(axis, AXES)}')
    readers_of = {name: [some] if isinstance(some, Reader) else list(some) for name, some in runs.items()}
    everybody = [reader for readers in readers_of.values() for reader in readers]
    _check_one_problem(everybody)
    figure = _figure(_NAMES[axis], f"best {_value_name(everybody)} on train")
    for place, (name, readers) in enumerate(readers_of.items()):
        curves = [lineage.curve(reader) for reader in readers]
        rows = _band(curves, axis)
        xs = [x for x, _ in rows]
        colour = _COLOURS[place % len(_COLOURS)]
        if len(curves) > 1:
            outline = [max(values) for _, values in rows], [min(values) for _, values in rows]
            figure.add_scatter(x=xs, y=outline[1], mode="lines", line={"width": 0, "shape": "hv"}, showlegend=False,
                               hoverinfo="skip", legendgroup=_plain(name))  # fmt: skip
            figure.add_scatter(x=xs, y=outline[0], mode="lines", line={"width": 0, "shape": "hv"}, showlegend=False,
                               fill="tonexty", fillcolor=_faint(colour), hoverinfo="skip",
                               legendgroup=_plain(name))  # fmt: skip
        label = _plain(f"{name} ({len(curves)} runs)" if len(curves) > 1 else name)
        figure.add_scatter(x=xs, y=[statistics.median(values) for _, values in rows], name=label, mode="lines",
                           line={"color": colour, "shape": "hv"}, legendgroup=_plain(name))  # fmt: skip
    for reader in everybody[:1]:
        for contender in lineage.standing(reader).contenders:
            measured = contender.measured.get("train")
            if contender.program is None and measured is not None and measured.score is not None:
                figure.add_hline(y=measured.score, line={"dash": "dash", "width": 1},
                                 annotation_text=_plain(f"{contender.name} ({contender.role})"))  # fmt: skip
    return figure


def lineage_tree(reader: Reader, everything: bool = False) -> "Figure":
    """Programs by number and score, each joined to its first parent; the winner's line is bold.

    Only what improved on all before it, the winner and their ancestors, unless `everything`.
    """
    tree = lineage.tree(reader, everything)
    figure = _figure("program", f"{_value_name([reader])} on train")
    values = {node.program.id: _value(node.program.score, node.program.fitness) for node in tree.nodes}
    straight = set(lineage.line(reader, tree.winner)) if tree.winner is not None else set()
    for name, chosen, width in (("parents", False, 1), ("the winner's line", True, 3)):
        xs, ys = _edges(tree, values, straight if chosen else None)
        line = {"width": width, "color": _COLOURS[0 if chosen else 5]}
        figure.add_scatter(x=xs, y=ys, mode="lines", name=name, line=line, hoverinfo="skip")
    shown = [node for node in tree.nodes if values[node.program.id] is not None]
    texts = [_plain(f"#{node.program.id} {node.program.operator}: {node.program.rationale[:120]}") for node in shown]
    figure.add_scatter(x=[node.program.id for node in shown], y=[values[node.program.id] for node in shown],
                       mode="markers", name="programs", text=texts, hovertemplate="%{text}<br>%{y:.6g}<extra></extra>",
                       marker={"size": [12 if node.program.id == tree.winner else 6 for node in shown],
                               "color": _COLOURS[0]})  # fmt: skip
    return figure


def operator_gains(reader: Reader) -> "Figure":
    """What each operator added to the best so far, and to the winner's line."""
    found = [each for each in lineage.gains(reader) if each.proposer != "seed"]
    name = _value_name([reader])
    figure = _figure("operator", "points of score" if name == "score" else name)
    names = [_plain(f"{each.proposer}/{each.operator}") for each in found]
    counts = [f"{each.programs} programs, {each.improvements} improvements" for each in found]
    figure.add_bar(x=names, y=[each.gained for each in found], name="added to the best so far", hovertext=counts)
    figure.add_bar(x=names, y=[each.gained_in_winner for each in found], name="gained on the winner's line",
                   hovertext=[f"{each.in_winner} steps" for each in found])  # fmt: skip
    return figure


def pareto_front(reader: Reader, x: str, y: str, *, maximize_x: bool = False, maximize_y: bool = False) -> "Figure":
    """Programs by two metrics on train, and the front of those that no other program beats in both.

    Raises UserError for a metric that no program has; the sentence names those that there are.
    """
    points, known = [], set()
    for program in reader.programs():
        if program.fitness is None or program.evaluation is None:
            continue
        metrics = program.evaluation.metrics
        known |= set(metrics)
        if x in metrics and y in metrics:
            points.append((metrics[x], metrics[y], program.id))
    for name in (x, y):
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise UserError(f'no program of run {reader.info.name} has a metric "{name}"; there are: {there}')
    front = _front(points, -1.0 if maximize_x else 1.0, -1.0 if maximize_y else 1.0)
    better = {True: "more is better", False: "less is better"}
    figure = _figure(f"{x} ({better[maximize_x]})", f"{y} ({better[maximize_y]})")
    for name, some, mode in (("programs", points, "markers"), ("front", front, "lines+markers")):
        figure.add_scatter(x=[px for px, _, _ in some], y=[py for _, py, _ in some], mode=mode, name=name,
                           line={"shape": "hv"}, text=[f"#{program}" for _, _, program in some])  # fmt: skip
    return figure


def train_against_test(reader: Reader, split: Literal["validation", "test"] = "test") -> "Figure":
    """Score on train against that on another split, of all programs and baselines that were measured on both."""
    figure = _figure("score on train", f"score on {split}")
    standing = lineage.standing(reader)
    named = {each.program: each for each in standing.contenders if each.program is not None}
    rows = [(each.name, "baselines", each.measured) for each in standing.contenders if each.program is None]
    measured = reader.rows("SELECT DISTINCT program FROM evaluation WHERE split = ? ORDER BY program", split)
    for (program,) in measured:
        contender = named.get(program) or lineage.contender(reader, program)
        kind = "winner" if contender.role == "winner" else "programs"
        rows.append((f"#{program}", kind, contender.measured))
    points = [(name, kind, both["train"].score, both[split].score)
              for name, kind, both in rows if {"train", split} <= set(both)]  # fmt: skip
    points = sorted((point for point in points if None not in point), key=lambda point: (point[2] or 0.0, point[0]))
    sides = dict(zip((name for name, kind, *_ in points if kind != "programs"), cycle(_SIDES), strict=False))
    for group in ("programs", "baselines", "winner"):
        some = [point for point in points if point[1] == group]
        names = [_plain(name) for name, *_ in some]
        figure.add_scatter(x=[train for *_, train, _ in some], y=[other for *_, other in some], hovertext=names,
                           mode="markers" if group == "programs" else "markers+text", text=names, name=group,
                           textposition=[sides.get(name, _SIDES[0]) for name, *_ in some])  # fmt: skip
    ends = [value for *_, a, b in points for value in (a, b) if value is not None] or [0.0, 1.0]
    figure.add_scatter(x=[min(ends), max(ends)], y=[min(ends), max(ends)], mode="lines",
                       name="the same score, each on the scale of its split",
                       line={"dash": "dash", "width": 1}, hoverinfo="skip")  # fmt: skip
    return figure


def cost_against_score(runs: Mapping[str, Reader], cost: Cost = "usd") -> "Figure":
    """What each run cost against the score of its winner: on test where it was measured, else on train."""
    figure = _figure(_NAMES[cost], "score of the winner")
    for place, (name, reader) in enumerate(runs.items()):
        winner = lineage.standing(reader).of("winner")
        split = next((split for split in ("test", "validation", "train") if winner and split in winner.measured), None)
        if winner is None or split is None:
            continue
        spent = getattr(lineage.costs(reader), cost)
        figure.add_scatter(x=[spent], y=[winner.measured[split].score], mode="markers", name=_plain(name),
                           marker={"size": 11, "color": _COLOURS[place % len(_COLOURS)]},
                           text=[f"on {split}"])  # fmt: skip
    return figure


def save(figure: "Figure", path: str | Path) -> Path:
    """Write a figure: `.html` always works, and needs no network afterwards; pictures need kaleido and a browser.

    Raises UserError where they are missing, or the suffix is of another kind.
    """
    path = Path(path)
    try:
        if path.suffix == ".html":
            figure.write_html(path, include_plotlyjs=True)
        elif path.suffix in _PICTURES:
            _write_picture(figure, path)
        else:
            kinds = ", ".join(sorted({".html", *_PICTURES}))
            raise UserError(
                f"{path} names no kind of file that a figure can be written to; its end must be one of {kinds}"
            )
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from None
    return path


def _write_picture(figure: "Figure", path: Path) -> None:
    missing = (
        "a picture of a figure needs kaleido and Chrome or Chromium: install adrs[plots] and a browser, or write .html"
    )
    try:
        import kaleido
        from choreographer import errors
    except ImportError:
        raise UserError(missing) from None
    try:
        kaleido.write_fig_sync(figure, path)
    except (errors.ChromeNotFoundError, errors.BrowserDepsError, errors.BrowserFailedError):
        raise UserError(missing) from None


def _figure(x: str, y: str) -> "Figure":
    try:
        from plotly.graph_objects import Figure
    except ImportError:
        raise UserError("plots need plotly, which is not installed: pip install 'adrs[plots]'") from None
    made = Figure()
    made.update_layout(xaxis_title=_plain(x), yaxis_title=_plain(y), template="simple_white",
                       legend={"orientation": "h", "y": 1.08}, margin={"l": 60, "r": 20, "t": 40, "b": 50})  # fmt: skip
    return made


def _check_one_problem(readers: Sequence[Reader]) -> None:
    """Scores of different problems are on different scales. Raises UserError."""
    problems = dict.fromkeys(reader.info.problem for reader in readers)
    if len(problems) > 1:
        raise UserError(f"runs of one problem can be drawn together, not of {' and '.join(problems)}")


def _band(curves: Sequence[Curve], axis: Axis) -> list[tuple[float, list[float]]]:
    """Values of the runs that got so far, at every place where one of them changes or ends; where one ends, once with
    it and once more without."""
    curves = [curve for curve in curves if curve.points]
    places = {float(getattr(point, axis)) for curve in curves for point in curve.points}
    places |= {float(getattr(curve, axis)) for curve in curves}
    rows = []
    for x in sorted(places):
        until = [curve for curve in curves if x <= curve.end(axis)]
        beyond = [curve for curve in until if x < curve.end(axis)]
        for some in (until, beyond) if len(beyond) < len(until) else (until,):
            values = [value for value in (curve.at(x, axis) for curve in some) if value is not None]
            if values:
                rows.append((x, values))
    return rows


def _edges(tree: Tree, values: Mapping[int, float | None], only: set[int] | None) -> tuple[list[Any], list[Any]]:
    """Ends of the edges with a gap after each; `only` those within a line."""
    xs: list[Any] = []
    ys: list[Any] = []
    for node in tree.nodes:
        child, parent = node.program.id, node.parent
        if parent is None or values[child] is None or values[parent] is None:
            continue
        if only is not None and not {child, parent} <= only:
            continue
        xs += [parent, child, None]
        ys += [values[parent], values[child], None]
    return xs, ys


def _front(points: Sequence[tuple[float, float, int]], x: float, y: float) -> list[tuple[float, float, int]]:
    """Points that no other one beats in both, by the first metric. A sign of -1 turns a metric round."""
    front: list[tuple[float, float, int]] = []
    for point in sorted(points, key=lambda each: (x * each[0], y * each[1], each[2])):
        if not front or y * point[1] < y * front[-1][1]:
            front.append(point)
    return front


def _value(score: float | None, fitness: float | None) -> float | None:
    return score if score is not None else fitness


def _value_name(readers: Sequence[Reader]) -> str:
    """What `_value` gives of the first run: its score, or its fitness where there is no scale."""
    for reader in readers[:1]:
        points = lineage.curve(reader).points
        if points and points[-1].score is None:
            return lineage.declared(reader).fitness_name
    return "score"


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"


def _plain(text: str) -> str:
    """Text for Plotly, which reads a part of HTML in its labels."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;")
