"""The verb that makes winners small: distill."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from adrs import folders
from adrs.cli.runs import Json, RunsDir, SandboxName, Seed, Workers
from adrs.errors import UserError, did_you_mean


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("distill")(distill)


def distill(
    subject: Annotated[
        str, typer.Argument(metavar="RUN|PROBLEM", help="A run, or a problem, by its name or by a run, with a file.")
    ],
    program: Annotated[
        str | None,
        typer.Argument(metavar="[ID|FILE]", help="A program's number in the run, its file, or rule.json."),
    ] = None,
    mode: Annotated[
        str, typer.Option("--mode", help="preserve: the same policy, shorter; improve: no worse, it may do otherwise.")
    ] = "preserve",
    only: Annotated[
        str | None, typer.Option("--only", help="One stage: minimise, expression or export. [default: all]")
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option("--teacher", metavar="W.npz", help="Distil a network of PROBLEM instead of a program."),
    ] = None,
    leaves: Annotated[int, typer.Option("--leaves", min=1, max=4, help="The most expressions of a branched rule.")] = 4,
    length: Annotated[int, typer.Option("--length", min=3, max=30, help="The most nodes of an expression.")] = 20,
    rounds: Annotated[
        int, typer.Option("--rounds", min=1, max=10, help="Fits of a rule, each to what earlier rules came to see.")
    ] = 3,
    budget: Annotated[str, typer.Option("--budget", help="Time for everything: 90s, 10m, 2h.")] = "10m",
    operations: Annotated[
        int, typer.Option("--operations", min=1, help="The most operations of a decision by the chosen rule.")
    ] = 30,
    target: Annotated[
        str, typer.Option("--target", help="Languages to export a rule to: python, c, fixed, latex.")
    ] = "python,c,fixed,latex",
    seed: Seed = None,
    workers: Workers = None,
    sandbox: SandboxName = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to write to. [default: distill/ID in the run; distill-FILE]"),
    ] = None,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No lines of progress.")] = False,
) -> None:
    """Make the winner of a run, or any program, as small as it can be without losing what it does, and show the cost.

    A rule, as rule.json, becomes Python, C, fixed-point C and LaTeX, each checked against it.

    Exit codes: 0 = something smaller was accepted, 1 = a mistake of yours, 3 = nothing smaller was.
    """
    import os

    from adrs.budget import parse_duration
    from adrs.cli.output import print_json
    from adrs.distill.export.targets import read_targets
    from adrs.distill.minimise.tolerance import read_mode
    from adrs.distill.session import OF_NETWORKS, STAGES, of_file, of_network, of_run
    from adrs.distill.work import Wish
    from adrs.problem import shipped

    if only is not None and only not in STAGES:
        raise UserError(f'--only "{only}"{did_you_mean(only, STAGES)}')
    seconds = parse_duration(budget, "--budget")
    wish = Wish(
        read_mode(mode), only, seconds, seed or 0, workers or len(os.sched_getaffinity(0)), leaves, length, rounds,
        operations, read_targets(target),
    )  # fmt: skip

    def say(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr if as_json else sys.stdout, flush=True)

    if teacher is not None:
        if program is not None or only not in (None, *OF_NETWORKS):
            raise UserError("--teacher stands in the place of a program, and there is nothing in it to minimise")
        outcome = of_network(subject, teacher, wish, output, say)
    elif program is None or program.isdigit():
        if subject in shipped() and not (runs_dir / subject).is_dir():
            raise UserError(f"{subject} is a problem: name a program's file as well, or a run instead")
        folder = folders.find_run(subject, runs_dir)
        outcome = of_run(folder, None if program is None else int(program), wish, sandbox, output, say)
    else:
        outcome = of_file(_problem(subject, runs_dir), Path(program), wish, sandbox, output, say)
    _draw(outcome)
    if as_json:
        print_json(outcome.plain())
    else:
        _print(outcome)
    raise typer.Exit(outcome.exit_code)


def _problem(subject: str, runs_dir: Path) -> str:
    """The problem that a file is a program of: named, or a run's."""
    from adrs.problem import shipped
    from adrs.store import Reader

    if subject in shipped() or (Path(subject).exists() and not (Path(subject) / "run.db").is_file()):
        return subject
    try:
        folder = folders.find_run(subject, runs_dir)
    except UserError:
        return subject  # no run either: problems are what is said to be known
    with Reader(folder) as reader:
        return str(reader.info.configuration["problem"])


def _draw(outcome: Any) -> None:
    """The table as a plot, where plotly is there; as a picture in the report too, where it can be made."""
    from adrs.distill.report import FILE, PICTURE, report
    from adrs.distill.table import entries, values_by_workload

    work, missing = outcome.work, "no plot was drawn"
    try:
        from adrs import plots

        figure = plots.distillation(entries(work), *values_by_workload(work))
        work.files.append(plots.save(figure, work.folder / "pareto.html"))
        missing = "the report has no picture"
        work.files.append(plots.save(figure, work.folder / PICTURE))
    except UserError as error:
        work.not_done.append(f"{missing}: {error}")
    work.write(FILE, report(work))


def _print(outcome: Any) -> None:
    from adrs.cli.output import console, safe
    from adrs.cli.pareto_view import legend, pareto_table
    from adrs.distill.table import entries

    out, work = console(), outcome.work
    rows = entries(work)
    out.print(pareto_table(rows, out.width, out.is_terminal))
    for sentence in legend(rows, out.width, out.is_terminal):
        out.print(sentence, style="dim")
    width = max((len(check.title) for check in work.checks), default=10)
    for check in work.checks:
        word = "[dim]skipped[/]" if check.skipped else "[green]ok     [/]" if check.ok else "[red]failed [/]"
        out.print(f"{check.title:<{width}} {word}  {safe(check.detail)}", soft_wrap=True)
    for sentence in work.not_done:
        out.print(f"note       {safe(sentence)}", soft_wrap=True)
    for name, number in outcome.number.items():
        out.print(f"program    {number} in the run's log: {safe(name)}", soft_wrap=True)
    for path in work.files:
        out.print(f"written    {safe(str(path))}", soft_wrap=True)
