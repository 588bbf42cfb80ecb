"""Trees, ancestries, programs and diffs, drawn for a terminal."""

from collections.abc import Sequence

from rich.text import Text
from rich.tree import Tree

from adrs import lineage as questions
from adrs.cli.output import console, gain, metric, number, print_trust, printable, safe, table, trust_mark, verdict
from adrs.lineage import Node, Step
from adrs.program import Program
from adrs.store.reader import RunInfo


def print_tree(run: RunInfo, found: questions.Tree) -> None:
    """The tree of first parents, with the winner marked."""
    out = console()
    top = Tree(f"[bold]{safe(run.name)}[/]  {found.programs} programs{trust_mark(run.trust)}", guide_style="dim")
    branches: dict[int | None, Tree] = {None: top}
    for node in found.nodes:
        mark = "  [bold green]the winner[/]" if node.program.id == found.winner else ""
        added = branches[node.program.id] = branches[node.parent].add(_label(node) + mark)
        if node.folded:
            added.add(f"[dim]… {node.folded} more without an improvement[/]")
    out.print(top)


def _label(node: Node) -> str:
    summary = node.program
    mark = "" if summary.verdict == "ok" else f" {verdict(summary.verdict)}"
    score = number(summary.score) if summary.score is not None else metric(summary.fitness)
    what = summary.rationale or summary.reason
    who = f"[cyan]{safe(summary.operator)}[/]" + (f" [dim]{safe(summary.model)}[/]" if summary.model else "")
    return f"#{summary.id} [bold]{score}[/] {gain(node.gain)}{mark} {who} {safe(_first_line(what))}"


def print_ancestry(steps: Sequence[Step], trust: str) -> None:
    """The story of one program, from the seed on."""
    out = console()
    print_trust(out, trust)
    for step in steps:
        program = step.program
        size = f"[green]+{step.added}[/] [red]-{step.removed}[/] lines"
        score = number(program.score, 2) if program.score is not None else metric(program.fitness)
        others = [parent for parent in program.parents[1:] if parent.role != "parent"]
        came = f" with {', '.join(f'#{parent.id} ({parent.role})' for parent in others)}" if others else ""
        out.print(
            f"[bold]#{program.id}[/] {verdict(program.verdict)} score [bold]{score}[/] {gain(step.gain)}  "
            f"[cyan]{safe(program.proposer)}/{safe(program.operator)}[/]{came}  {size}",
            soft_wrap=True,
        )
        if program.rationale:
            out.print(f"    {safe(program.rationale)}", soft_wrap=True)


def print_program(program: Program, parent: Program | None, trust: str) -> None:
    """Source with colours, then metrics by workload beside the parent's."""
    out = console()
    heading = f"[bold]program {program.id}[/] {verdict(program.verdict)}"
    if program.score is not None:
        heading += f" score [bold]{program.score:.2f}[/]"
    heading += trust_mark(trust)
    out.print(
        f"{heading}  {safe(program.proposer)}/{safe(program.operator)}  {safe(program.rationale)}", soft_wrap=True
    )
    if program.parents:
        out.print("parents  " + ", ".join(f"#{each.id} ({each.role})" for each in program.parents))
    evaluation = program.evaluation
    if evaluation is not None and evaluation.reason:
        out.print(f"reason   {safe(evaluation.reason)}", soft_wrap=True)
    from rich.syntax import Syntax

    out.print(Syntax(printable(program.source), "python", line_numbers=True, word_wrap=True, theme="ansi_dark"))
    if evaluation is not None:
        for key, value in evaluation.metrics.items():
            out.print(f"  {safe(key)} {metric(value)}")
        if parent is not None:
            _print_workloads(parent, program, (f"program {parent.id}", "this one"))
        for result in evaluation.workloads:
            if result.feedback:
                out.print(f"feedback {safe(result.name)}: {safe(result.feedback)}", soft_wrap=True)
        if evaluation.output:
            out.print(f"output\n{safe(evaluation.output)}", soft_wrap=True)


def print_diff(before: Program, after: Program, lines: Sequence[str], trust: str) -> None:
    """A coloured diff, then the workloads side by side."""
    out = console()
    print_trust(out, trust)
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        out.print(Text(printable(line), style=colours.get(line[:1], "")), soft_wrap=True)
    if not lines:
        out.print("the sources are equal")
    _print_workloads(before, after, (f"program {before.id}", f"program {after.id}"))


def _print_workloads(before: Program, after: Program, names: tuple[str, str]) -> None:
    rows = []
    for each in questions.by_workload(before, after):
        left, right = each.before, each.after
        rows.append([safe(each.name), number(left.score if left else None), number(right.score if right else None),
                     gain(each.gain)])  # fmt: skip
    if rows:
        console().print(table(["workload", f">{names[0]}", f">{names[1]}", ">gain"], rows))


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""
