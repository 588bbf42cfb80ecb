"""Sources and diffs as safe HTML: every character of a candidate is escaped, and what does not print is spelled out."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from pygments import highlight
from pygments.formatters.html import HtmlFormatter

from adrs.propose.model.text import visible
from adrs.report.source import lexer

_MOST_COLOURED = 300_000
"""Characters of a source that is shown in colours; a longer one is shown plainly."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a unified diff."""

    kind: str
    """`added`, `removed`, `same` or `place`."""
    before: int | None
    after: int | None
    """Line numbers, from 1."""
    text: str


def lines(source: str, file: str) -> list[Markup]:
    """A source in the language that the name of `file` tells, line by line: spans whose classes Pygments names."""
    text = visible(source)
    if len(text) > _MOST_COLOURED:
        return [Markup.escape(line) for line in text.split("\n")]
    formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True)
    return [Markup(line) for line in highlight(text, lexer(file), formatter).rstrip("\n").split("\n")]


def rows(diff: Sequence[str]) -> list[Row]:
    """A unified diff without its head, with line numbers."""
    made = []
    before = after = 0
    for line in diff[2:]:
        mark, text = line[:1], visible(line[1:])
        if mark == "@":
            before, after = (int(part.lstrip("+-").partition(",")[0]) for part in line.split()[1:3])
            made.append(Row("place", None, None, visible(line)))
        elif mark == "+":
            made.append(Row("added", None, after, text))
            after += 1
        elif mark == "-":
            made.append(Row("removed", before, None, text))
            before += 1
        else:
            made.append(Row("same", before, after, text))
            before, after = before + 1, after + 1
    return made
