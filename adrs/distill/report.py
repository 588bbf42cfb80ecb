"""report.md and the table: what was made of a program, beside it, in plain text."""

import html

from adrs.distill import pareto
from adrs.distill.table import entries
from adrs.distill.work import Work
from adrs.text import printable

FILE = "report.md"
PICTURE = "pareto.svg"


def report(work: Work) -> str:
    """The whole page, in Markdown; what programs say is escaped."""
    drawn = work.folder / PICTURE in work.files
    lines = [
        f"# {_plain(work.subject.name)} of {_plain(work.problem.name)}, distilled", "",
        *table(work), "",
        *([f"![operations of one decision against the score on validation]({PICTURE})", ""] if drawn else []),
        *(f"- {_plain(sentence)}" for sentence in work.not_done), "",
        "| check | | |", "|---|---|---|",
        *(f"| {check.title} | {_verdict(check.ok, check.skipped)} | {_plain(check.detail)} |" for check in work.checks),
    ]  # fmt: skip
    return "\n".join([*lines, "", *work.sections]) + "\n"


def table(work: Work) -> list[str]:
    """Baselines, the original and what was made of it, as lines of Markdown."""
    return pareto.markdown(entries(work))


def side_by_side(before: str, after: str) -> str:
    """Two programs beside each other, as a table that Markdown passes on."""
    cells = "".join(f"<td>{preformatted(text)}</td>" for text in (before, after))
    return f'<table><tr><th>original</th><th>minimal</th></tr><tr valign="top">{cells}</tr></table>'


def preformatted(text: str) -> str:
    """A program's text as HTML without empty lines, at which Markdown would take what follows for its own."""
    lines = html.escape(printable(text), quote=False).split("\n")
    return "\n".join(["<pre>", *(line if line.strip() else "&#32;" for line in lines), "</pre>"])


def _verdict(ok: bool, skipped: bool) -> str:
    return "skipped" if skipped else "ok" if ok else "failed"


def _plain(text: str) -> str:
    """Text on one line that means nothing in Markdown."""
    safe = " ".join(html.escape(printable(text), quote=False).split())
    return "".join(f"\\{character}" if character in "|`*_[]\\" else character for character in safe)
