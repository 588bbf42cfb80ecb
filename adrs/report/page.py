"""The report of a run: one HTML file that holds all it shows and asks no network for anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from adrs import lineage, text
from adrs.errors import UserError
from adrs.fresh import fitted_to_train
from adrs.lineage import Contender, Curve, Standing, Step
from adrs.lineage.control import CONTROL
from adrs.lineage.outline import outline
from adrs.lineage.said import said
from adrs.report.chart import Frame, Level, Series, chart
from adrs.report.layout import drawing
from adrs.report.source import highlighted, highlighting
from adrs.store import Reader

_MOST_ENTRIES = 500
"""Of the tree's list; the drawing has all that are shown."""
_MOST_DIFF_LINES = 400
"""Of one step."""
_MOST_STEPS = 100
"""Of the line to the winner: the last ones."""
_CLOSER = 0.35
"""Share of the chart's height below which the last improvements get a chart of their own."""


@dataclass(frozen=True)
class _Found:
    """What the page is about."""

    curve: Curve
    standing: Standing
    steps: list[Step]
    control: tuple[str, Curve] | None


def render(reader: Reader) -> str:
    """The whole page."""
    chosen = lineage.winner(reader)
    found = _Found(
        curve=lineage.curve(reader), standing=lineage.standing(reader), control=_control(reader),
        steps=lineage.ancestry(reader, chosen) if chosen is not None else [],
    )  # fmt: skip
    grown = lineage.tree(reader)
    steps = found.steps[-_MOST_STEPS:]
    line = [step.program.id for step in found.steps]
    entries = outline(grown.nodes, line)
    seed = found.standing.objective.seed
    environment = _environment()
    return environment.get_template("report.html.j2").render(
        info=reader.info, overview=lineage.overview(reader), standing=found.standing, splits=found.standing.splits,
        charts=_charts(found), curve=found.curve, control=found.control[0] if found.control else None,
        points=_improvements(reader, found.curve), tree=grown, drawing=drawing(grown.nodes, line, chosen),
        entries=entries[:_MOST_ENTRIES], more=max(0, len(entries) - _MOST_ENTRIES), line=set(line),
        steps=steps, earlier=len(found.steps) - len(steps), diffs=[_lines(step) for step in steps],
        most_diff_lines=_MOST_DIFF_LINES,
        winner=found.steps[-1].program if found.steps else None, fitted=_fitted(reader, found.standing),
        source=highlighted(found.steps[-1].program.source, seed) if found.steps else Markup(""),
        verdicts=_verdicts(reader), failures=lineage.failures(reader), costs=lineage.costs(reader),
        said=said(reader)[::-1],
        smaller=_distilled(reader, seed), gains=lineage.gains(reader),
        model_gains={each.model: each for each in lineage.model_gains(reader)},
        routing=lineage.routing(reader, reader.folder.resolve().parent),
        configuration=lineage.configuration(reader), style=highlighting(), run=text.run_in_command(reader.folder),
    )  # fmt: skip


def _fitted(reader: Reader, standing: Standing) -> str | None:
    """What is said of a winner that fresh workloads show to be fitted to those of train; None of others."""
    row = standing.of("winner")
    if row is None or row.program is None:
        return None
    return fitted_to_train(reader.evaluation(row.program, "train"), reader.evaluation(row.program, "fresh"))


def _verdicts(reader: Reader) -> dict[str, int]:
    """How programs ended; in a run that has ended, nothing is pending any more."""
    ended = lineage.overview(reader).stopped_by is not None
    named = {"pending": "not evaluated before the run ended"} if ended else {}
    return {named.get(name, name): count for name, count in lineage.verdicts(reader).items()}


def _distilled(reader: Reader, file: str) -> list[dict[str, Any]]:
    """Programs that were distilled from others, beside those."""
    found = []
    for number in reader.distilled():
        program = reader.program(number)
        original = reader.program(program.parents[0].id)
        sources = [highlighted(each.source, file) for each in (original, program)]
        found.append({"program": program, "original": original, "sources": sources})
    return found


def write(reader: Reader, path: Path) -> Path:
    """Write the page to a file; raises UserError where that is impossible."""
    page = render(reader)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}; choose another --output") from None
    return path


def _environment() -> Environment:
    """Everything is escaped, and what is no Markup goes through `printable` as well: also what programs say."""
    environment = Environment(
        loader=PackageLoader("adrs.report", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
        finalize=lambda value: text.printable(value) if type(value) is str else value,
    )  # fmt: skip
    environment.filters.update(
        number=text.number, metric=text.metric, change=text.change, seconds=text.seconds, dollars=text.dollars,
        first_line=text.first_line, value=_value, time=_time,
    )  # fmt: skip
    return environment


def _value(program: Any) -> str:
    """The score of a program or a point, or its fitness where there is no scale."""
    return text.number(program.score, 2) if program.score is not None else text.metric(program.fitness)


def _time(seconds: float) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _control(reader: Reader) -> tuple[str, Curve] | None:
    """The control with most evaluations, if there is one beside the run."""
    if reader.info.configuration.get("search") == CONTROL:
        return None
    found = []
    for folder in lineage.controls(reader, reader.folder.resolve().parent):
        with Reader(folder) as other:
            found.append((folder.name, lineage.curve(other)))
    return max(found, key=lambda each: each[1].evaluations, default=None)


def _charts(found: _Found) -> list[Markup]:
    """Best-so-far against what there is of evaluations, seconds and dollars; the first one also from near."""
    curve, control = found.curve, found.control
    if not curve.points:
        return []
    levels = _levels(found.standing)
    scaled = curve.points[-1].score is not None
    y_name = "score on train" if scaled else f"{found.standing.objective.fitness_name} on train, higher is better"
    made = []
    for axis, name in (("evaluations", "evaluations"), ("seconds", "seconds of work"), ("usd", "dollars")):
        if axis == "usd" and not curve.usd:
            continue
        series = [_series("this run", curve, axis, "run")]
        if control is not None and getattr(control[1], axis):
            series.insert(0, _series(control[0], control[1], axis, "control"))
        made.append(chart(Frame(name, y_name), series, levels))
    low = _near([point.value for point in curve.points], [level.value for level in levels])
    if low is not None:
        frame = Frame("evaluations", f"{y_name}, the last improvements", low=low)
        made.insert(1, chart(frame, [_series("this run", curve, "evaluations", "run")], levels))
    return made


def _near(values: Sequence[float], levels: Sequence[float]) -> float | None:
    """Where a chart must begin to show the later half of the improvements; None where the whole shows them well."""
    low, high = min([*values, *levels]), max([*values, *levels])
    later = values[len(values) // 2 :]
    if len(later) < 2 or not 0 < later[-1] - later[0] < _CLOSER * (high - low):
        return None
    return later[0]


def _series(name: str, curve: Curve, axis: str, kind: str) -> Series:
    return Series(name, [(getattr(point, axis), point.value) for point in curve.points], getattr(curve, axis), kind)


def _levels(standing: Standing) -> list[Level]:
    """Baselines as lines: their scores, or their fitness where there is no scale."""
    scaled = any(each.measured["train"].score is not None for each in _baselines(standing))
    levels = []
    for each in _baselines(standing):
        measured = each.measured["train"]
        value = measured.score
        if not scaled and measured.value is not None:
            value = standing.objective.fitness(measured.value)
        if value is not None:
            levels.append(Level(each.name, value))
    return levels


def _baselines(standing: Standing) -> list[Contender]:
    return [each for each in standing.contenders if each.program is None and "train" in each.measured]


def _improvements(reader: Reader, curve: Curve) -> list[tuple[Any, Any, float | None]]:
    """Each point with its program and its gain over the point before."""
    summaries = reader.summaries(sorted({point.program for point in curve.points}))
    known = {summary.id: summary for summary in summaries}
    pairs = zip([None, *curve.points], curve.points, strict=False)
    return [(point, known[point.program], lineage.difference(point, last)) for last, point in pairs]


def _lines(step: Step) -> list[tuple[str, str]]:
    """Lines of a step's diff, each with its CSS class."""
    kinds = {"+": "added", "-": "removed", "@": "hunk"}
    return [(kinds.get(line[:1], ""), line) for line in step.diff()[2 : 2 + _MOST_DIFF_LINES]]
