"""The verb that makes winners small: distill."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from adrs import cores
from adrs.cli.groups import SMALLER
from adrs.cli.names import find_problem, find_run_of
from adrs.cli.runs import Json, RunsDir, SandboxName, Seed, Workers
from adrs.errors import UserError, did_you_mean


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("distill", rich_help_panel=SMALLER)(distill)


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
    leaves: Annotated[
        int, typer.Option("--leaves", min=1, max=4, help="The most leaves of a branched rule: branches and one.")
    ] = 4,
    length: Annotated[
        int, typer.Option("--length", min=3, max=30, help="The most nodes of an expression's tree.")
    ] = 20,
    rounds: Annotated[
        int,
        typer.Option(
            "--rounds", min=1, max=10, help="Rounds of imitation (DAgger): the teacher corrects what the rule does."
        ),
    ] = 3,
    budget: Annotated[str, typer.Option("--budget", "--max-time", help="Time for everything: 90s, 10m, 2h.")] = "10m",
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
        typer.Option(
            "--output", "-o", help="An empty or new folder to write to. [default: distill/ID in the run; distill-FILE]"
        ),
    ] = None,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No lines of progress.")] = False,
) -> None:
    """Make a winner, or any program, as small as it can be. It loses nothing that counts; the cost is shown.

    A rule, as rule.json, becomes Python, C, fixed-point C and LaTeX, each checked against it. Ctrl-C ends it early and
    keeps the best so far. Nothing is written over: the next time, files go to the folder distill/ID-2.

    Exit codes: 0 = something smaller was accepted, or all exports of a rule passed, 1 = refused, with a sentence that
    says why, 3 = nothing smaller was accepted, or an export of the rule failed a check, 130 = interrupted twice.
    """
    import asyncio

    from adrs.budget import parse_duration
    from adrs.cli.distill_view import Progress, print_outcome
    from adrs.cli.output import print_json
    from adrs.distill.export.targets import read_targets
    from adrs.distill.minimise.tolerance import read_mode
    from adrs.distill.session import OF_NETWORKS, STAGES, of_file, of_network, of_run
    from adrs.distill.work import Wish

    if only is not None and only not in STAGES:
        raise UserError(f'--only "{only}"{did_you_mean(only, STAGES)}')
    seconds = parse_duration(budget, "--budget")
    wish = Wish(
        read_mode(mode), only, seconds, seed or 0, cores.workers(workers), leaves, length, rounds,
        operations, read_targets(target),
    )  # fmt: skip

    if teacher is not None and (program is not None or only not in (None, *OF_NETWORKS)):
        raise UserError("--teacher stands in the place of a program, and there is nothing in it to minimise")
    try:
        with Progress(quiet) as progress:
            if teacher is not None:
                outcome = of_network(find_problem(subject, runs_dir), teacher, wish, output, progress)
            elif program is None or program.isdigit():
                folder = find_run_of(subject, runs_dir, "name a program's file as well, or a run by its name instead")
                outcome = of_run(folder, None if program is None else int(program), wish, sandbox, output, progress)
            else:
                problem = find_problem(subject, runs_dir)
                outcome = of_file(problem, Path(program), wish, sandbox, output, progress)
    except (KeyboardInterrupt, asyncio.CancelledError):
        print(
            "adrs: interrupted before anything was handed in: distil again; a single Ctrl-C ends a distillation early "
            "and keeps the best so far",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    if as_json:
        print_json(outcome.plain())
    else:
        print_outcome(outcome)
    raise typer.Exit(outcome.exit_code)
