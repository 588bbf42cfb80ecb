"""How the table of a distillation is printed: the chosen row bold, dominated ones dim, fewer columns where narrow.

Where there are no styles, as in a pipe, a mark stands before the name of a dominated row.
"""

from collections.abc import Sequence

from rich.table import Table

from adrs.cli.output import printable, safe, table
from adrs.distill.pareto import HEADINGS, Entry, cells, digits, dominated, heading, meanings, shown

_ALWAYS = ("", "nodes", "ops", "valid", "test", "worst", "alike", "C")
_WIDE = 110
_NAME = 28
"""Characters of a name on a narrow screen."""


def pareto_table(entries: Sequence[Entry], width: int, styled: bool = True) -> Table:
    """The rows for a screen of so many characters; columns that nothing stands in are left out."""
    rows, kept = [cells(entry, digits(entries)) for entry in entries], _places(entries, width)
    lines = []
    for entry, beaten, row in zip(entries, dominated(entries), rows, strict=True):
        name = printable(row[0])
        name = safe(name if width >= _WIDE or len(name) <= _NAME else name[: _NAME - 1] + "…")
        style = "bold" if entry.chosen else "dim" if beaten else ""
        mark = "* " if entry.chosen else "! " if not entry.eligible else "- " if beaten and not styled else "  "
        texts = [mark + name, *(row[place] for place in kept[1:])]
        lines.append([f"[{style}]{text}[/]" if style and text else text for text in texts])
    return table([">" + heading(place) if place else "" for place in kept], lines)


def legend(entries: Sequence[Entry], width: int, styled: bool = True) -> list[str]:
    """What the marks and columns mean that stand in the table, one short sentence each."""
    said = ["* chosen"] if any(entry.chosen for entry in entries) else []
    if any(dominated(entries)):
        mark = "dim:" if styled else "-"
        said.append(f"{mark} another row is no worse on validation and costs no more operations (ops)")
    if any(not entry.eligible for entry in entries):
        said.append("! a check failed")
    return said + meanings(entries, _places(entries, width))


def _places(entries: Sequence[Entry], width: int) -> list[int]:
    return [place for place in shown(entries) if width >= _WIDE or HEADINGS[place] in _ALWAYS]
