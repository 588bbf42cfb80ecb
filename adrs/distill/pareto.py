"""The table of what was found: what each rule, program and network costs, and what it is worth."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adrs.program import SPLITS, Split
from adrs.text import number, printable

BASELINES = ("trivial", "state-of-the-art")
"""Kinds of entries that are there for the scale."""
LANGUAGES = ("c", "fixed", "python", "numpy")
_COLUMNS = ("name", "kind", "nodes", "operations", *SPLITS, "worst_tenth", "fidelity",
            *(f"ns_{language}" for language in LANGUAGES), "chosen", "dominated", "eligible")  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A row."""

    name: str
    """For people."""
    kind: str
    """`trivial`, `state-of-the-art`, `teacher`, `original`, `minimal`, `flat`, `branched`, `pursuit`, `cart`, ..."""
    nodes: int | None = None
    """Of the syntax tree of a program, of a rule's form, or weights of a network."""
    operations: int | None = None
    """Of one decision, on its longest path; None where that is not known, as of a program."""
    scores: Mapping[Split, float] = field(default_factory=dict)
    """0 = trivial, 100 = state-of-the-art; the primary metric, higher is better, where there is no scale."""
    worst_tenth: float | None = None
    """Of the instances of validation, in the problem's metric."""
    fidelity: float | None = None
    """To the teacher: R2 of values, pairwise agreement of rankings or the share of equal decisions."""
    nanoseconds: Mapping[str, float] = field(default_factory=dict)
    """Of one decision, by language: `c`, `fixed`, `python`, `numpy`."""
    chosen: bool = False
    eligible: bool = True
    """False where a check of it failed."""

    def plain(self, dominated: bool) -> dict[str, Any]:
        """As plain data, with the columns of `pareto.csv`."""
        return {
            "name": self.name, "kind": self.kind, "nodes": self.nodes, "operations": self.operations,
            **{split: self.scores.get(split) for split in SPLITS},
            "worst_tenth": self.worst_tenth, "fidelity": self.fidelity,
            **{f"ns_{language}": self.nanoseconds.get(language) for language in LANGUAGES},
            "chosen": self.chosen, "dominated": dominated, "eligible": self.eligible,
        }  # fmt: skip


def dominated(entries: Sequence[Entry]) -> list[bool]:
    """For each entry, whether another eligible one is at least as good on validation with at most as many operations,
    and better in one of the two. Baselines, and what lacks one of the two, neither dominate nor are dominated.
    """
    return [any(_beats(other, entry) for other in entries) for entry in entries]


def front(entries: Sequence[Entry]) -> list[Entry]:
    """Those that are compared and not dominated, by operations."""
    kept = [entry for entry, beaten in zip(entries, dominated(entries), strict=True) if not beaten]
    return sorted(
        (entry for entry in kept if entry.eligible and place(entry)), key=lambda entry: place(entry) or (0, 0.0)
    )


def place(entry: Entry) -> tuple[int, float] | None:
    """Operations and the score on validation; None for what is not compared."""
    score = entry.scores.get("validation")
    if entry.kind in BASELINES or entry.operations is None or score is None:
        return None
    return entry.operations, score


def _beats(other: Entry, entry: Entry) -> bool:
    ours, theirs = place(entry), place(other)
    if ours is None or theirs is None or not other.eligible:
        return False
    return theirs[0] <= ours[0] and theirs[1] >= ours[1] and theirs != ours


def plain(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """All rows as plain data, for `--json`."""
    return [entry.plain(beaten) for entry, beaten in zip(entries, dominated(entries), strict=True)]


def csv_text(entries: Sequence[Entry]) -> str:
    """The table as CSV; empty where nothing was measured."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {**row, "name": _no_formula(printable(row["name"])), "kind": printable(row["kind"])} for row in plain(entries)
    )
    return out.getvalue()


def _no_formula(text: str) -> str:
    """A name that a spreadsheet would run is written as text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


HEADINGS = ("", "nodes", "ops", "train", "valid", "test", "worst", "alike", "C", "fixed", "Python", "numpy")
_TIMES = 8
"""Place of the first of the times."""


def digits(entries: Sequence[Entry]) -> int:
    """Behind the point of scores: one, or four where these are metrics below ten."""
    return 1 if any(abs(score) >= 10.0 for entry in entries for score in entry.scores.values()) else 4


def cells(entry: Entry, places: int = 1) -> tuple[str, ...]:
    """A row as text, in the order of `HEADINGS`, scores with so many decimal places; times in nanoseconds."""

    def one(value: float | None, digits: int) -> str:
        return "" if value is None else number(value, digits)

    return (
        entry.name,
        *("" if count is None else str(count) for count in (entry.nodes, entry.operations)),
        *(one(entry.scores.get(split), places) for split in SPLITS),
        one(entry.worst_tenth, 3),
        one(entry.fidelity, 3),
        *(time(entry.nanoseconds.get(language)) for language in LANGUAGES),
    )


def time(value: float | None) -> str:
    """Nanoseconds as text; empty where they are not known."""
    return "" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def shown(entries: Sequence[Entry]) -> list[int]:
    """Places of the headings that anything stands under; the name's always."""
    rows = [cells(entry) for entry in entries]
    return [place for place in range(len(HEADINGS)) if place == 0 or any(row[place] for row in rows)]


def heading(place: int) -> str:
    """A heading, with its unit."""
    return f"{HEADINGS[place]} ns" if place >= _TIMES else HEADINGS[place]


def meanings(entries: Sequence[Entry], places: Sequence[int]) -> list[str]:
    """What the columns mean that are shown, one short sentence each."""
    columns = {HEADINGS[place] for place in places}
    languages = [HEADINGS[place] for place in places if place >= _TIMES]
    whose = "teacher" if any(entry.kind == "teacher" for entry in entries) else "original program"
    scores = ", ".join(each for each in ("train", "valid", "test") if each in columns)
    said = {
        "nodes": "nodes: size, of a program's syntax tree or of a rule; of a network, its weights",
        "ops": "ops: operations of one decision on its longest path",
        "valid": f"{scores}: 0 = trivial, 100 = state-of-the-art baseline; without both, the metric, higher is better",
        "worst": "worst: mean of the lowest tenth of validation's instances, in the metric",
        "alike": f"alike: to the {whose}, R2 of numbers, share of pairs in the same order of priorities",
    }  # fmt: skip
    found = [sentence for column, sentence in said.items() if column in columns]
    return [*found, f"{', '.join(languages)}: nanoseconds of one decision"] if languages else found


_KINDS = {
    "minimal": "the program with everything left out that it does not need",
    "flat": "one expression", "branched": "expressions under branches", "by return": "the same, branched otherwise",
    "pursuit": "a sum of few terms, to compare with", "cart": "steps of constants, to compare with",
    "fixed": "a rule in whole numbers",
}  # fmt: skip
"""What rows are, for people."""


def markdown(entries: Sequence[Entry]) -> list[str]:
    """The table as lines of Markdown, with what its columns mean: the chosen row bold, dominated ones in italics."""
    places, beaten = shown(entries), dominated(entries)
    lines = [f"| {' | '.join(heading(place) for place in places)} |", "|---" + "|---:" * (len(places) - 1) + "|"]
    for entry, worse in zip(entries, beaten, strict=True):
        row = cells(entry, digits(entries))
        name = "".join(f"\\{each}" if each in "|`*_[]<\\" else each for each in " ".join(printable(row[0]).split()))
        said = f"**{name}, chosen**" if entry.chosen else f"*{name}*" if worse else name
        said += "" if entry.eligible else " (unverified)"
        lines.append(f"| {' | '.join([said, *(row[place] for place in places[1:])])} |")
    meant = [f"{kind}: {said}" for kind, said in _KINDS.items() if any(entry.kind == kind for entry in entries)]
    meant += meanings(entries, places)
    if any(beaten):
        meant.append("in italics: another row is no worse on validation and costs no more operations")
    return [*lines, "", *(f"- {sentence}" for sentence in meant)]
