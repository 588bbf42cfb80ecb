"""Verbs that look at runs: runs, lineage, programs, show, diff, best."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from adrs import folders
from adrs.cli.groups import INSPECT
from adrs.cli.names import find_run
from adrs.cli.runs import Json, RunsDir
from adrs.errors import UserError, did_you_mean

RunName = Annotated[str, typer.Argument(help="Name of a run, a prefix of it, `last`, or its path.")]
_WIDE = 110
"""Columns of a terminal from which on a list of runs says everything."""
Number = Annotated[int, typer.Argument(help="Number of a program.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("runs", rich_help_panel=INSPECT)(list_runs)
    app.command("lineage", rich_help_panel=INSPECT)(lineage)
    app.command("programs", rich_help_panel=INSPECT)(programs)
    app.command("show", rich_help_panel=INSPECT)(show)
    app.command("diff", rich_help_panel=INSPECT)(diff)
    app.command("best", rich_help_panel=INSPECT)(best)


def list_runs(runs_dir: RunsDir = Path("runs"), as_json: Json = False) -> None:
    """List runs."""
    import time

    from adrs import lineage as questions
    from adrs.cli.output import console, metric, number, print_json, safe, table, trust_mark
    from adrs.store import Reader

    found: list[dict[str, Any]] = []
    for folder in folders.list_runs(runs_dir):
        try:
            with Reader(folder) as reader:
                found.append(questions.plain(questions.overview(reader)))
        except UserError as error:
            found.append({"run": folder.name, "path": str(folder), "damaged": str(error)})
    found.sort(key=lambda each: each.get("created", 0.0))
    if as_json:
        print_json(found)
        return
    if not found:
        print(f"no runs in {runs_dir}; `adrs run PROBLEM` makes one")
        return
    rows = []
    for each in found:
        if "damaged" in each:
            rows.append([safe(each["run"]), *[""] * 6, "[red]cannot be read[/]"])
            continue
        begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(each["created"]))
        found_score = each["winner"]["score"]["train"]  # without a scale: fitness, of which more is better
        train = metric(each["fitness"]) if found_score is None else number(found_score)
        others = [number(each["winner"]["score"][split]) for split in ("validation", "test")]
        ended = (each["stopped_by"] or "").partition(":")[0] or ("running" if each["live"] else "unfinished")
        train += trust_mark(each["trust"])
        rows.append([safe(each["run"]), safe(each["problem"]), begun, str(each["evaluations"]), train, *others,
                     safe(ended)])  # fmt: skip
    columns = ["run", "problem", "begun", ">evaluations", ">train", ">validation", ">test", "stopped by"]
    out = console()
    shown = range(len(columns)) if out.width >= _WIDE else [0, 3, 4, 5, 6, 7]
    out.print("scores of the winner, or of the best on train so far", style="dim")
    out.print(table([columns[at] for at in shown], [[row[at] for at in shown] for row in rows]))
    for each in found:
        if "damaged" in each:
            out.print(f"[red]{safe(each['damaged'])}[/]", soft_wrap=True)


def lineage(
    run: RunName,
    program: Annotated[int | None, typer.Argument(help="Tell the ancestry of this program.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show branches without an improvement too.")] = False,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Draw the tree of a run, or tell one program's ancestry. It says what each step changed and gained."""
    from adrs import lineage as questions
    from adrs.cli.lineage_view import print_ancestry, print_tree
    from adrs.cli.output import print_json
    from adrs.store import Reader

    with Reader(find_run(run, runs_dir)) as reader:
        if program is not None:
            steps = questions.ancestry(reader, program)
            if as_json:
                print_json([_plain_step(step, reader) for step in steps])
            else:
                print_ancestry(steps, reader.info.trust)
            return
        if as_json:
            print_json([_plain(summary, reader) for summary in reader.summaries()])
        else:
            found = questions.tree(reader, everything)
            line = questions.line(reader, found.winner) if found.winner is not None else ()
            print_tree(reader.info, found, line, questions.chosen(reader) is not None)


def programs(
    run: RunName,
    verdict: Annotated[str, typer.Option("--verdict", help="That ended so: ok, invalid, error, timeout, ...")] = "",
    made_by: Annotated[str, typer.Option("--by", help="Made by this operator, proposer or model.")] = "",
    text: Annotated[str, typer.Option("--text", help="With this in the rationale or in the reason of failure.")] = "",
    order: Annotated[str, typer.Option("--order", help="best, latest or first.")] = "best",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of them.")] = 20,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """List programs: the best, the latest, what failed, whose they are."""
    from adrs import lineage as questions
    from adrs.cli.lineage_view import print_matches
    from adrs.cli.output import print_json
    from adrs.store import Reader

    with Reader(find_run(run, runs_dir)) as reader:
        found = questions.matching(reader, questions.Sought(verdict, made_by, text, order), limit)
        if as_json:
            print_json([{**_plain(each.program, reader), "gain": each.gain, "reason": each.program.reason}
                        for each in found.programs])  # fmt: skip
        else:
            print_matches(reader.info, found)


def show(
    run: RunName,
    program: Annotated[int | None, typer.Argument(help="Number of a program. [default: the winner]")] = None,
    prompt: Annotated[bool, typer.Option("--prompt", help="Print what models were asked instead.")] = False,
    answer: Annotated[
        bool, typer.Option("--answer", help="Print what models answered instead, word for word.")
    ] = False,
    split: Annotated[str, typer.Option("--split", help="Workloads of train, validation, test or fresh.")] = "train",
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Show one program: source, metrics, feedback, notes. Also output, operators, calls of models."""
    from adrs import lineage as questions
    from adrs.cli.output import print_json
    from adrs.cli.program_view import print_calls, print_program
    from adrs.cli.summary import print_operators
    from adrs.store import Reader

    if split not in questions.SHOWN:
        raise UserError(f'--split "{split}"{did_you_mean(split, questions.SHOWN)}')
    with Reader(find_run(run, runs_dir)) as reader:
        number = _winner(reader) if program is None else program
        found = questions.detail(reader, number, split)
        if as_json:
            print_json({
                **_plain(found.program, reader), "source": found.program.source, "detail": dict(found.program.detail),
                "gain": found.gain, "children": [child.id for child in found.children],
                "child_count": found.child_count, "duplicates": list(found.duplicates),
                "evaluations": {split: each.plain() for split, each in found.evaluations.items()},
                "calls": questions.plain(found.calls), "notes": _plain_notes(found.notes),
                "operators": questions.plain(questions.gains(reader, number)),
            })  # fmt: skip
        elif prompt or answer:
            if not found.calls:
                raise UserError(f"no model was asked for program {number}; it is by {found.program.proposer}")
            print_calls(found, prompt, answer)
        else:
            print_program(found, reader.info.trust, questions.declared(reader), split)
            print_operators(questions.gains(reader, number), f"program {number}")


def diff(run: RunName, before: Number, after: Number, runs_dir: RunsDir = Path("runs"), as_json: Json = False) -> None:
    """Compare two programs by source and by workload."""
    from adrs import lineage as questions
    from adrs.cli.output import print_json
    from adrs.cli.program_view import print_diff
    from adrs.store import Reader

    with Reader(find_run(run, runs_dir)) as reader:
        left, right = reader.program(before), reader.program(after)
        lines = questions.diff(left, right)
        if as_json:
            print_json({
                "before": before, "after": after, "trust": reader.info.trust, "diff": lines, "split": "train",
                "gain": questions.difference(right, left),
                "programs": [_plain_side(each) for each in (left, right)],
                "workloads": [{"name": each.name, "before": each.before.score if each.before else None,
                               "after": each.after.score if each.after else None, "gain": each.gain,
                               "metrics": [dict(side.metrics) if side else {} for side in (each.before, each.after)]}
                              for each in questions.by_workload(left, right)],
            })  # fmt: skip
        else:
            print_diff(left, right, lines, reader.info.trust, questions.declared(reader))


def best(
    run: RunName,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write. [default: stdout]")] = None,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Write the winner of a run to a file. While there is none, the best on train so far."""
    from adrs.cli.output import print_json
    from adrs.store import Reader
    from adrs.text import as_output

    with Reader(find_run(run, runs_dir)) as reader:
        winner = reader.program(_winner(reader))
        if output is not None:
            from adrs.outcome import write_winner

            write_winner(reader, winner.id, output, "choose another --output, in a folder that is there")
        if as_json:
            print_json({**_plain(winner, reader), "source": winner.source, "file": str(output) if output else None})
        elif output is None:
            print(as_output(winner.source, sys.stdout), end="" if winner.source.endswith("\n") else "\n")
        else:
            print(f"program {winner.id} of {reader.info.name} written to {output}")


def _winner(reader: Any) -> int:
    from adrs import lineage as questions

    number = questions.winner(reader)
    if number is None:
        raise UserError(f"run {reader.info.name} has no program that works yet")
    return number


def _plain(summary: Any, reader: Any) -> dict[str, Any]:
    parents = [{"id": parent.id, "role": parent.role} for parent in summary.parents]
    names = ("proposer", "operator", "model", "island", "verdict", "score", "fitness", "digest", "rationale")
    values = {name: getattr(summary, name) for name in names}
    values["verdict"] = summary.state
    return {"id": summary.id, "parents": parents, **values, "trust": reader.info.trust}


def _plain_side(program: Any) -> dict[str, Any]:
    """One side of a difference."""
    return {"id": program.id, "verdict": program.state, "score": program.score, "fitness": program.fitness,
            "metrics": dict(program.evaluation.metrics) if program.evaluation else {}}  # fmt: skip


def _plain_step(step: Any, reader: Any) -> dict[str, Any]:
    sizes = {"gain": step.gain, "added": step.added, "removed": step.removed}
    return {**_plain(step.program, reader), **sizes, "notes": _plain_notes(step.notes)}


def _plain_notes(notes: Any) -> list[dict[str, Any]]:
    return [{"time": note.time, "text": note.text} for note in notes]
