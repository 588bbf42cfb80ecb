"""How verbs print: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_MARKS = {
    "ok": "[green]ok[/]", "invalid": "[red]invalid[/]", "error": "[red]error[/]", "timeout": "[yellow]timeout[/]",
    "memory": "[yellow]memory[/]", "killed": "[red]killed[/]", "rejected": "[dim]rejected[/]",
    "infrastructure": "[magenta]infrastructure[/]", "suspect": "[bold magenta]suspect[/]",
}  # fmt: skip


def console(stderr: bool = False) -> Console:
    """A console of the terminal's width; wide and plain when the output goes to a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else 160, highlight=False)


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=True))


def number(value: float | None, digits: int = 1) -> str:
    """A score: fixed digits, or a dash."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def metric(value: float | None) -> str:
    """A metric in native units: six significant digits, or a dash."""
    return "–" if value is None else f"{value:.6g}"


def gain(value: float | None) -> str:
    """A difference of scores, with its sign and colour; small ones keep two significant digits."""
    if value is None:
        return ""
    if value == 0:
        return "[dim]=[/]"
    text = f"{value:+.1f}" if abs(value) >= 0.1 else f"{value:+.2g}"
    return f"[{'green' if value > 0 else 'red'}]{text}[/]"


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
    return _MARKS.get(name, name)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> Table:
    """A plain table; columns whose name starts with `>` are aligned to the right."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        right = column.startswith(">")
        made.add_column(column.removeprefix(">"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def printable(text: str) -> str:
    """Text of candidates and models without control characters or marks that change its direction."""
    return "".join(c if c in "\n\t" or (c.isprintable() and not _reorders(c)) else f"\\x{ord(c):02x}" for c in text)


def safe(text: str) -> str:
    """The same for places where the console reads markup."""
    return escape(printable(text))


def _reorders(character: str) -> bool:
    """Whether a character changes the direction of text, by which source can be made to look like other source."""
    return character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
