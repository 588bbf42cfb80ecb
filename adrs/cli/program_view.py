"""One program, or two side by side, drawn for a terminal."""

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from rich.console import Console
from rich.text import Text

from adrs.cli.output import (
    console,
    folded,
    gain,
    metric,
    number,
    print_trust,
    printable,
    safe,
    score_of,
    table,
    trust_mark,
    verdict,
)
from adrs.lineage import Compared, Declared, Detail, by_workload, difference
from adrs.llm.records import Call
from adrs.program import Program, Split
from adrs.text import dollars

_MOST_NAMED = 8
"""Children and duplicates that are named."""


def print_program(found: Detail, trust: str, objective: Declared, split: Split = "train") -> None:
    """What it is, where it came from, its source, and how it did on a split beside its parent."""
    from rich.syntax import Syntax

    out = console()
    _print_head(out, found, trust)
    lexer = {".py": "python"}.get(PurePath(objective.seed).suffix) or Syntax.guess_lexer(objective.seed)
    out.print(Syntax(printable(found.program.source), lexer, line_numbers=True, word_wrap=True, theme="ansi_dark"))
    parent = found.parent
    beside = parent is not None and any(each.before is not each.after for each in found.workloads)
    before = f"#{parent.id}" if parent and beside else ""
    _print_workloads(out, found.workloads, before, f"#{found.program.id}", objective, split)
    evaluation = found.evaluations.get(split)
    if evaluation is not None:
        for result in evaluation.workloads:
            if result.feedback:
                _print_block(out, f"feedback {result.name}", result.feedback)
        if evaluation.output:
            _print_block(out, "output", evaluation.output)


def _print_head(out: Console, found: Detail, trust: str) -> None:
    program = found.program
    over = f"{gain(found.gain)} over #{found.parent.id}" if found.parent and found.gain is not None else ""
    words = [f"[bold]program {program.id}[/]", verdict(program.state), f"{score_of(program)}{trust_mark(trust)}",
             over]  # fmt: skip
    out.print("  ".join(word for word in words if word))
    facts = [("by", "/".join(part for part in (program.proposer, program.operator, program.model) if part)),
             ("why", program.rationale),
             ("parents", ", ".join(f"#{each.id} ({each.role})" for each in program.parents)),
             ("children", _some([child.id for child in found.children], found.child_count, "best first")),
             ("repeats", f"#{program.duplicate_of}" if program.duplicate_of is not None else ""),
             ("repeated", _some(found.duplicates, len(found.duplicates), "")),
             ("reason", program.evaluation.reason if program.evaluation else ""),
             ("models", _calls(found.calls)), ("router", _routed(program)), ("digest", program.digest),
             *(("note", note.text) for note in found.notes)]  # fmt: skip
    for name, value in facts:
        if value:
            out.print(Text.assemble((f"{name:<9}", "dim"), printable(value)), soft_wrap=not out.is_terminal)
    for split, evaluation in found.evaluations.items():
        shown = "  ".join(f"{key} {value}" for key, value in folded(evaluation.metrics).items())
        points = number(evaluation.score, 2) if evaluation.score is not None else evaluation.verdict
        out.print(Text.assemble((f"{split:<11}", "dim"), f"{points}  {printable(shown)}"), soft_wrap=True)


def _some(numbers: Sequence[int], count: int, order: str) -> str:
    if not numbers:
        return ""
    named = ", ".join(f"#{number}" for number in numbers[:_MOST_NAMED])
    more = f" and {count - _MOST_NAMED} more" if count > _MOST_NAMED else ""
    return f"{named}{more}" + (f" ({order})" if order and len(numbers) > 1 else "")


def _calls(calls: Sequence[Call]) -> str:
    if not calls:
        return ""
    tokens = f"{sum(call.input_tokens for call in calls)} + {sum(call.output_tokens for call in calls)} tokens"
    names = ", ".join(dict.fromkeys(call.model for call in calls))
    cost = dollars(sum(call.usd for call in calls))
    return f"{len(calls)} call{'s' * (len(calls) > 1)} to {names}, {tokens}, {cost} (--prompt, --answer)"


def _routed(program: Program) -> str:
    """Who chose the model, and what the ensemble's bandit would have chosen; empty without a router."""
    record = program.detail.get("router")
    if not isinstance(record, dict):
        return ""
    worths = ", ".join(f"{model} {metric(worth)}" for model, worth in record["worths"].items())
    who = {"router": "chosen by the model router", "budget": "the only model that the budget covers"}
    by = who.get(record["by"], f"chosen by the bandit, the router failed: {record.get('failure', '')}")
    return f"{by}; the bandit would have chosen {record['bandit']} (gain per dollar as it drew it: {worths})"


def print_calls(found: Detail, prompt: bool, answer: bool) -> None:
    """What models were asked for a program, and what they answered, word for word but for control characters."""
    for place, call in enumerate(found.calls, 1):
        heading = f"call {place} of {len(found.calls)} to {printable(call.model)}"
        if prompt:
            for message in call.messages:
                print(f"--- {heading}: {printable(message.role)}")
                print(printable(message.content))
            if not call.messages:
                print(f"--- {heading}: the log of this run does not have what was asked")
        if answer:
            print(f"--- {heading}: answer")
            print(printable(call.answer) if call.answer else f"none: {printable(call.error)}")


def print_diff(before: Program, after: Program, lines: Iterable[str], trust: str, objective: Declared) -> None:
    """A coloured diff, what both programs reached on train and what that gained, then its workloads side by side."""
    out = console()
    print_trust(out, trust)
    colours = {"+": "green", "-": "red", "@": "cyan"}
    same = True
    for line in lines:
        same = False
        out.print(Text(printable(line), style=colours.get(line[:1], "")), soft_wrap=True)
    if same:
        out.print("the sources are equal")
    for program, over in ((before, ""), (after, gain(difference(after, before)))):
        value = program.evaluation.metrics.get(objective.metric) if program.evaluation else None
        shown = "" if value is None else f"{safe(objective.metric)} {metric(value)} {safe(objective.unit)}".rstrip()
        words = [f"[bold]#{program.id}[/]", verdict(program.state), score_of(program), shown, over]
        out.print("  ".join(word for word in words if word), soft_wrap=True)
    less = "less" if objective.direction == "minimize" else "more"
    out.print(f"[dim]on train; {safe(objective.metric)}: {less} is better[/]", soft_wrap=True)
    _print_workloads(out, by_workload(before, after), f"#{before.id}", f"#{after.id}", objective)


def _print_workloads(
    out: Console, workloads: Sequence[Compared], before: str, after: str, objective: Declared, split: Split = "train"
) -> None:
    """Score and metrics of each workload; without a `before`, of one program alone."""
    rows: list[list[str]] = []
    for each in workloads:
        left, right = each.before, each.after
        name = safe(each.name)
        if (left and left.score is not None) or (right and right.score is not None):
            rows.append([name, "score", number(left.score if left else None, 2),
                         number(right.score if right else None, 2), gain(each.gain)])  # fmt: skip
            name = ""
        for key in dict.fromkeys([*(left.metrics if left else ()), *(right.metrics if right else ())]):
            values = [result.metrics.get(key) if result else None for result in (left, right)]
            over = _over(values[0], values[1], objective) if key == objective.metric and each.gain is None else ""
            rows.append([name, safe(key), *map(metric, values), over])
            name = ""
        for result, whose in ((left, before), (right, after)):
            if result is not None and result.verdict != "ok":
                rows.append([name, f"{whose} {verdict(result.verdict)}", "", "", ""])
                name = ""
    if not rows:
        return
    columns = [f"workload of {split}", "metric", f">{before}", f">{after}", ">gain"]
    if not before:
        columns, rows = [columns[0], columns[1], columns[3]], [[row[0], row[1], row[3]] for row in rows]
    out.print(table(columns, rows))


def _over(before: float | None, after: float | None, objective: Declared) -> str:
    """The gain in the primary metric, where no scale gives points; more is better, whatever its direction."""
    if before is None or after is None:
        return ""
    return gain(objective.fitness(after) - objective.fitness(before))


def _print_block(out: Console, title: str, text: str) -> None:
    out.print(Text(printable(title), style="bold"))
    out.print(Text(printable(text.rstrip("\n"))), soft_wrap=not out.is_terminal)
