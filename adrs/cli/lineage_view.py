"""Trees and ancestries, drawn for a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from adrs.cli.output import console, gain, metric, number, print_trust, printable, safe, score_of, trust_mark, verdict
from adrs.lineage import Matches, Step, Tree
from adrs.lineage.outline import Entry, outline
from adrs.store.reader import RunInfo, Summary
from adrs.text import first_line


def print_tree(run: RunInfo, found: Tree, line: Sequence[int], chosen: bool) -> None:
    """The tree of first parents, a line for each program; `line` is the winner's, or that of the best so far."""
    mark = "winner" if chosen else "best so far"
    out = console()
    shown = "" if len(found.nodes) == found.programs else f", {len(found.nodes)} shown"
    out.print(f"[bold]{safe(run.name)}[/]  {found.programs} programs{shown}{trust_mark(run.trust)}", soft_wrap=True)
    for entry in outline(found.nodes, line):
        node = entry.node
        said = mark if node.program.id == found.winner else ""
        _print_line(out, _guide(entry) + _label(node.program, node.gain, said, node.folded))
    if found.folded_roots:
        out.print(f"[dim]… {found.folded_roots} more hang on none of these[/]")
    if found.nodes:
        out.print("[dim]● begins a tree, ├─● a branch, ○ goes on; numbers: score, gain over the parent[/]")
    if any(node.folded for node in found.nodes):
        out.print("[dim](+n): n more programs that led to none of these; --all shows them[/]", soft_wrap=True)


def _guide(entry: Entry) -> str:
    """Rails to the left of a line, and a dot in the column of its program: its parent is the next one above there, or
    where the branch leaves a rail."""
    if entry.depth == 0 or not entry.begins:
        return f"[dim]{'│ ' * entry.depth}{'●' if entry.begins else '○'} [/]"
    return f"[dim]{'│ ' * (entry.depth - 1)}├─● [/]"


def print_matches(run: RunInfo, found: Matches) -> None:
    """Programs that were looked for, a line for each."""
    out = console()
    shown = "" if len(found.programs) == found.count else f", {len(found.programs)} shown; --limit shows more"
    which = "1 program" if found.count == 1 else f"{found.count} programs"
    out.print(f"[bold]{safe(run.name)}[/]  {which}{shown}{trust_mark(run.trust)}", soft_wrap=True)
    for each in found.programs:
        program = each.program
        _print_line(out, _label(program, each.gain))
        if program.verdict not in ("ok", "rejected") and program.rationale and program.reason:  # else it is in the line
            _print_line(out, f"    [dim]{safe(first_line(program.reason))}[/]")


def _label(summary: Summary, gained: float | None, mark: str = "", folded: int = 0) -> str:
    rejected = summary.verdict == "rejected"  # a duplicate has the score of its original, which says nothing of it
    score = number(summary.score, 2) if summary.score is not None else metric(summary.fitness)
    words = [
        f"#{summary.id}", "" if rejected else f"[bold]{score}[/]", gain(gained),
        "" if summary.verdict == "ok" else verdict(summary.verdict),
        f"[cyan]{safe(summary.proposer)}/{safe(summary.operator)}[/]" if summary.parents else
        f"[cyan]{safe(summary.operator)}[/]",
        f"[dim]{safe(summary.model)}[/]" if summary.model else "",
        f"[bold green]{mark}[/]" if mark else "", f"[dim](+{folded})[/]" if folded else "",
        safe(first_line(summary.reason if rejected else summary.rationale or summary.reason)),
    ]  # fmt: skip
    return " ".join(word for word in words if word)


def _print_line(out: Console, markup: str) -> None:
    """One line; cut off at the width of a terminal, whole in a pipe."""
    text = Text.from_markup(markup, emoji=False)
    if out.is_terminal:
        text.truncate(out.width, overflow="ellipsis")
    out.print(text, soft_wrap=True)


def print_ancestry(steps: Sequence[Step], trust: str) -> None:
    """The story of one program, from the seed on."""
    out = console()
    print_trust(out, trust)
    for step in steps:
        program = step.program
        size = f"[green]+{step.added}[/] [red]-{step.removed}[/] lines"
        others = [parent for parent in program.parents if parent.role != "parent"]
        came = f" with {', '.join(f'#{parent.id} ({safe(parent.role)})' for parent in others)}" if others else ""
        by = safe(program.model) if program.model else safe(program.proposer)
        words = [f"[bold]#{program.id}[/]", verdict(program.state), score_of(program), gain(step.gain),
                 f"[cyan]{by}/{safe(program.operator)}[/]{came}", size]  # fmt: skip
        out.print("  ".join(word for word in words if word))
        if program.rationale:
            _print_indented(out, printable(program.rationale))
        for note in step.notes:
            _print_indented(out, f"note: {printable(note.text)}")
        if program.verdict != "ok" and program.evaluation is not None and program.evaluation.reason:
            _print_indented(out, printable(program.evaluation.reason))


def _print_indented(out: Console, text: str) -> None:
    """Text of others, set in, wrapped at the width of a terminal."""
    from rich.padding import Padding

    if out.is_terminal:
        out.print(Padding(Text(text), (0, 0, 0, 4)))
    else:
        for line in text.splitlines():
            out.print(Text(f"    {line}"), soft_wrap=True)
