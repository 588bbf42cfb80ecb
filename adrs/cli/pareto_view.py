"""How the table of a distillation is printed: the chosen row bold, dominated ones dim, fewer columns where narrow.

Where there are no styles, as in a pipe, a mark stands before the name of a dominated row.
"""

from collections.abc import Sequence

from rich.table import Table

from adrs.cli.output import printable, safe, table
from adrs.distill.pareto import HEADINGS, Entry, cells, digits, dominated

_ALWAYS = ("", "nodes", "ops", "valid", "test", "worst", "alike", "C")
_WIDE = 110
_NAME = 28
"""Characters of a name on a narrow screen."""


def pareto_table(entries: Sequence[Entry], width: int, styled: bool = True) -> Table:
    """The rows for a screen of so many characters; columns that nothing stands in are left out."""
    rows = [cells(entry, digits(entries)) for entry in entries]
    kept = [
        place for place, heading in enumerate(HEADINGS)
        if (width >= _WIDE or heading in _ALWAYS) and (place == 0 or any(row[place] for row in rows))
    ]  # fmt: skip
    shown = []
    for entry, beaten, row in zip(entries, dominated(entries), rows, strict=True):
        name = printable(row[0])
        name = safe(name if width >= _WIDE or len(name) <= _NAME else name[: _NAME - 1] + "…")
        style = "bold" if entry.chosen else "dim" if beaten else ""
        mark = "* " if entry.chosen else "! " if not entry.eligible else "- " if beaten and not styled else "  "
        texts = [mark + name, *(row[place] for place in kept[1:])]
        shown.append([f"[{style}]{text}[/]" if style and text else text for text in texts])
    columns = [">" + _heading(place) if place else "" for place in kept]
    return table(columns, shown)


def legend(entries: Sequence[Entry], width: int, styled: bool = True) -> list[str]:
    """What the marks and columns mean that stand in the table, one short sentence each."""
    said = ["* chosen"] if any(entry.chosen for entry in entries) else []
    if any(dominated(entries)):
        mark = "dim:" if styled else "-"
        said.append(f"{mark} another row is no worse on validation and costs no more operations (ops)")
    if any(not entry.eligible for entry in entries):
        said.append("! a check failed")
    said.append("scores: 0 = trivial, 100 = state-of-the-art baseline; without both, the metric, higher is better")
    if any(entry.worst_tenth is not None for entry in entries):
        said.append("worst: mean of the lowest tenth of validation's instances, in the metric")
    if any(entry.fidelity is not None for entry in entries):
        whose = "teacher" if any(entry.kind == "teacher" for entry in entries) else "original program"
        said.append(f"alike: to the {whose}, R2 of numbers, share of pairs in the same order of priorities")
    if any(entry.nanoseconds for entry in entries):
        languages = "C, fixed, Python, numpy" if width >= _WIDE else "C"
        said.append(f"{languages}: nanoseconds of one decision")
    return said


def _heading(place: int) -> str:
    return f"{HEADINGS[place]} ns" if HEADINGS[place] in ("C", "fixed", "Python", "numpy") else HEADINGS[place]
