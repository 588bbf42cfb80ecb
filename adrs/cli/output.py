"""How verbs print: tables for people, JSON for programs."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from adrs.program import Program
from adrs.text import change, metric, number, printable

__all__ = [
    "console", "folded", "gain", "metric", "number", "print_in_blocks", "print_json", "print_trust", "printable",
    "safe", "score_of", "table", "trust_mark", "verdict",
]  # fmt: skip

_GAP = 2
"""Blanks between the columns of a table."""
_MARKS = {
    "ok": "[green]ok[/]", "invalid": "[red]invalid[/]", "error": "[red]error[/]", "timeout": "[yellow]timeout[/]",
    "memory": "[yellow]memory[/]", "killed": "[red]killed[/]", "rejected": "[dim]rejected[/]",
    "infrastructure": "[magenta]infrastructure[/]", "suspect": "[bold magenta]suspect[/]",
}  # fmt: skip


class _Console(Console):
    """Whatever others' text stands in what is printed, only the console itself steers the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


def console(stderr: bool = False) -> Console:
    """A console of the terminal's width; plain in a pipe, and wide there unless COLUMNS says otherwise."""
    stream = sys.stderr if stderr else sys.stdout
    known = stream.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return _Console(stderr=stderr, width=None if known else 160, highlight=False, emoji=False)


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=True))


def folded(metrics: Mapping[str, float]) -> dict[str, str]:
    """Metrics as text by name; NAME_low and NAME_high, the ends of an interval, stand behind NAME."""
    shown = {}
    for name, value in metrics.items():
        base, _, end = name.rpartition("_")
        if end in ("low", "high") and base in metrics:
            continue
        ends = [metrics.get(f"{name}_{end}") for end in ("low", "high")]
        shown[name] = metric(value) + (f" [{metric(ends[0])}, {metric(ends[1])}]" if None not in ends else "")
    return shown


def gain(value: float | None) -> str:
    """A difference of scores, with its sign and colour."""
    if value is None:
        return ""
    return f"[{'dim' if value == 0 else 'green' if value > 0 else 'red'}]{change(value)}[/]"


def score_of(program: Program) -> str:
    """Its score, or its fitness where there is no scale, with the word for it."""
    if program.score is not None:
        return f"score [bold]{number(program.score, 2)}[/]"
    return f"fitness [bold]{metric(program.fitness)}[/]"


def trust_mark(trust: str) -> str:
    """What is added wherever scores are shown that a program could have made up; empty for others."""
    return "  [bold yellow]shared trust[/]" if trust == "shared" else ""


def print_trust(out: Console, trust: str) -> None:
    """The same as a sentence."""
    if trust == "shared":
        out.print("trust    [bold yellow]shared trust[/]: evaluator and program ran in one process, so that a program "
                  "could have made up its score", soft_wrap=True)  # fmt: skip


def verdict(name: str) -> str:
    """A verdict in its colour."""
    return _MARKS.get(name) or safe(name)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> Table:
    """A plain table; columns whose name starts with `>` are aligned to the right."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        right = column.startswith(">")
        made.add_column(column.removeprefix(">"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def print_in_blocks(out: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table; one that is wider than the console as several, each with the first column and as many more as fit."""
    lines = [[column.removeprefix(">") for column in columns], *rows]
    widths = [max(Text.from_markup(line[index]).cell_len for line in lines) + _GAP for index in range(len(columns))]
    block: list[int] = []
    for index in range(1, len(columns)):
        if block and sum(widths[each] for each in (0, *block, index)) > out.width + _GAP:
            _print_columns(out, (0, *block), columns, rows)
            out.print()
            block = []
        block.append(index)
    _print_columns(out, (0, *block), columns, rows)


def _print_columns(out: Console, which: Sequence[int], columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    out.print(table([columns[index] for index in which], [[row[index] for index in which] for row in rows]))


def safe(text: str) -> str:
    """Text of candidates and models, for places where the console reads markup."""
    return escape(printable(text))
