"""report.md and the table: what was made of a program, beside it, in plain text."""

import html

from adrs.distill import pareto
from adrs.distill.table import entries
from adrs.distill.work import Work
from adrs.text import number, printable

FILE = "report.md"
PICTURE = "pareto.svg"
_FILES = {
    "minimal.py": "the smallest program that was accepted; UNVERIFIED in its first line says why it was not chosen",
    "minimal.diff": "what was left out of the original",
    "minimise.jsonl": "every edit that was tried, with its verdict",
    "priority.py": "the program with an expression in a key's place",
    "samples.npz": "what the original was shown and answered, as arrays",
    "rule.json": "the rule as data, from which all exports are made",
    "rule.py": "the rule as a program of the problem",
    "rule.c": "the rule in C, with `rule.h`",
    "rule_fixed.c": "the rule in whole numbers, with `rule_fixed.h`",
    "rule.tex": "the rule as a formula",
    "pareto.csv": "the table",
    "pareto.svg": "the picture; it says what a point is when you point at it in a browser",
    "checks.json": "the checks",
}


def report(work: Work) -> str:
    """The whole page, in Markdown; what programs say is escaped."""
    lines = [
        f"# Distilled: {_plain(work.subject.name)} ({_plain(work.problem.name)})", "", _plain(headline(work)), "",
        *table(work), "", f"![cost of a decision against the score on validation]({PICTURE})", "",
        *_listed("Notes", [_plain(sentence) for sentence in work.not_done]),
        *_checks(work), *work.sections, "",
        *_listed("Files", [f"`{name}`: {said}" for name, said in _FILES.items() if work.folder / name in work.files]),
    ]  # fmt: skip
    return "\n".join(lines)


def headline(work: Work) -> str:
    """What came of it, in a sentence."""
    rows = entries(work)
    before = next((row for row in rows if row.kind in ("original", "teacher")), None)
    after = next((row for row in rows if row.chosen), None)
    if after is None:
        return f"Nothing was chosen in the place of {work.subject.name}, a policy of {work.problem.name}."
    digits = pareto.digits(rows)
    known = before.nodes if before else None
    unit = " weights" if before and before.kind == "teacher" else ""
    size = f"{after.nodes} nodes" + ("" if known is None else f" instead of {known}{unit}")
    scores = []
    for split, score in after.scores.items():
        now, old = number(score, digits), before.scores.get(split) if before else None
        was = (
            "" if old is None else " (as before)" if number(old, digits) == now else f" (before {number(old, digits)})"
        )
        scores.append(f"{split} {now}{was}")
    said = f"; score: {', '.join(scores)}" if scores else ""
    return f"{after.name} takes the place of {work.subject.name}: {size}{said}."


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


def _checks(work: Work) -> list[str]:
    if not work.checks:
        return []
    rows = [f"| {check.title} | {_verdict(check.ok, check.skipped)} | {_plain(check.detail)} |"
            for check in work.checks]  # fmt: skip
    return ["## Checks", "", "| check | result | detail |", "|---|---|---|", *rows, ""]


def _listed(title: str, lines: list[str]) -> list[str]:
    """A part of the page; none where it would be empty."""
    return [f"## {title}", "", *(f"- {line}" for line in lines), ""] if lines else []


def _verdict(ok: bool, skipped: bool) -> str:
    return "skipped" if skipped else "ok" if ok else "failed"


def _plain(text: str) -> str:
    """Text on one line that means nothing in Markdown."""
    safe = " ".join(html.escape(printable(text), quote=False).split())
    return "".join(f"\\{character}" if character in "|`*_[]\\" else character for character in safe)
