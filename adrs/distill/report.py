"""report.md and the table: what was made of a program, beside it, in plain text."""

import html

from adrs.distill.work import Row, Work
from adrs.program import SPLITS
from adrs.text import metric, number, printable

FILE = "report.md"


def report(work: Work) -> str:
    """The whole page, in Markdown; what programs say is escaped."""
    lines = [
        f"# {_plain(work.subject.name)} of {_plain(work.problem.name)}, distilled", "",
        *table(work), "",
        *(f"- {_plain(sentence)}" for sentence in work.not_done), "",
        "| check | | |", "|---|---|---|",
        *(f"| {check.name} | {_verdict(check.ok, check.skipped)} | {_plain(check.detail)} |" for check in work.checks),
    ]  # fmt: skip
    return "\n".join([*lines, "", *work.sections]) + "\n"


def table(work: Work) -> list[str]:
    """Baselines, the original and what was made of it, as lines of Markdown."""
    lines = ["| | nodes | train | validation | test |", "|---|---|---|---|---|"]
    for row in rows(work):
        mark = " **chosen**" if work.chosen is not None and row is work.chosen.row else ""
        cells = " | ".join(cell(work, row, split) for split in SPLITS)
        lines.append(f"| {_plain(row.name)}{mark} | {'' if row.nodes is None else row.nodes} | {cells} |")
    return [*lines, "", "Scores: 0 = trivial, 100 = state-of-the-art baseline; without a scale, the metric itself."]


def rows(work: Work) -> list[Row]:
    """The table's rows, in order."""
    found: list[Row] = []
    for role in ("trivial", "state-of-the-art"):
        baseline = work.problem.baseline(role)
        if baseline is not None:
            known = {split: each for split in SPLITS
                     if (each := work.calibration.evaluations.get((baseline.name, split))) is not None}  # fmt: skip
            found.append(Row(baseline.name, role, None, known))
    found += [work.original] if work.original else []
    return [*found, *(result.row for result in work.results), *work.rules]


def cell(work: Work, row: Row, split: str) -> str:
    """What a row says of a split: the score, else the metric."""
    known = {name: each for name, each in row.evaluations.items() if name == split}
    for evaluation in known.values():
        if evaluation.score is not None:
            return number(evaluation.score, 2)
        if row.kind in ("trivial", "state-of-the-art") and (scale := work.calibration.scale(evaluation.split)):
            value = evaluation.metrics.get(work.problem.objective.metric)
            score = None if scale.total is None or value is None else scale.total.score(value)
            if score is not None:
                return number(score, 2)
        value = evaluation.metrics.get(work.problem.objective.metric)
        return evaluation.verdict if value is None else metric(value)
    return ""


def side_by_side(before: str, after: str) -> str:
    """Two programs beside each other, as a table that Markdown passes on."""
    cells = "".join(f"<td><pre>\n{html.escape(printable(text))}\n</pre></td>" for text in (before, after))
    return f'<table><tr><th>original</th><th>minimal</th></tr><tr valign="top">{cells}</tr></table>'


def _verdict(ok: bool, skipped: bool) -> str:
    return "skipped" if skipped else "ok" if ok else "failed"


def _plain(text: str) -> str:
    """Text on one line that means nothing in Markdown."""
    safe = " ".join(html.escape(printable(text)).split())
    return "".join(f"\\{character}" if character in "|`*_[]\\" else character for character in safe)
