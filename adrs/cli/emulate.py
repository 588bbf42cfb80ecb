"""The verb that puts programs in simulation beside the same programs in the real world."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from adrs.cli.groups import MEASURE
from adrs.cli.names import find_problem, find_run_of, problem_of
from adrs.cli.runs import Json, Quiet, RunsDir, SandboxName
from adrs.errors import UserError

_TOP = 3
"""Of a run, unless somebody says how many."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("emulate", rich_help_panel=MEASURE)(emulate)


def emulate(
    what: Annotated[str, typer.Argument(help="A problem, followed by files; or a run, as in other verbs.")],
    which: Annotated[
        list[str] | None, typer.Argument(help="Files with programs, or numbers of the run's. [default: --top]")
    ] = None,
    top: Annotated[
        int | None,
        typer.Option("--top", min=1, help="So many of a run's best programs, one of each score. [default: 3]"),
    ] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            "--condition",
            help="Only this one, say steady; may be repeated; a wrong name lists them. [default: the usual ones]",
        ),
    ] = None,
    duration: Annotated[str | None, typer.Option("--duration", help="Of every condition: 5s, 1m.")] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline",
            help="Native baseline, or none; may be repeated; a wrong name lists them. [default: cubic, bbr]",
        ),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option("--backend", help="Way of emulating: udp, without privileges, or tun, as root. [default: udp]"),
    ] = None,
    sandbox: SandboxName = None,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run programs with real packets, beside the simulator. In real time: let nothing else run meanwhile.

    The exit code is 1 where no program could be measured.
    """
    from adrs import emulate as emulation
    from adrs import threads
    from adrs.budget import parse_duration
    from adrs.cli.emulate_view import Progress, print_report
    from adrs.cli.output import print_json

    problem, entrants, folder = _chosen(what, which or [], top, runs_dir)
    seconds = None if duration is None else parse_duration(duration, "--duration")
    if baseline and "none" in baseline and len(baseline) > 1:
        raise UserError("--baseline none stands alone: it says that there is no baseline")
    baselines = None if baseline is None else [name for name in baseline if name != "none"]
    with emulation.alone(runs_dir):
        report = emulation.plan(problem, entrants, backend, condition or [], seconds, baselines)
        saved = None
        try:
            with Progress(report, quiet) as progress:
                threads.run(emulation.measure(problem, report, sandbox, progress))
        except KeyboardInterrupt:
            print(f"adrs: interrupted after {len(report.outcomes)} results", file=sys.stderr)
            raise typer.Exit(130) from None
        finally:
            if folder is not None and report.outcomes:
                saved = emulation.save(report, folder)
            if as_json:
                print_json({**report.plain(), "file": None if saved is None else str(saved)})
            elif report.outcomes:
                print_report(report, saved)
    if not report.programs_measured:
        print("adrs: no program could be measured; what was printed says why of each", file=sys.stderr)
        raise typer.Exit(1)


def _chosen(what: str, which: list[str], top: int | None, runs_dir: Path) -> tuple[Any, Any, Path | None]:
    """The problem, the programs, and the run's folder if it is a run: numbers, or nothing, follow a run."""
    from adrs import emulate as emulation
    from adrs import problem as problems
    from adrs.store import Reader

    if which and top is not None:
        raise UserError("--top chooses among a run's programs, and here they are named; leave one of both out")
    if which and not all(name.isdigit() for name in which):
        return problems.load(find_problem(what, runs_dir)), emulation.programs_in([Path(name) for name in which]), None
    folder = find_run_of(what, runs_dir, f"name the files to emulate: adrs emulate {what} FILE...")
    with Reader(folder) as reader:
        entrants = emulation.programs_of(reader, [int(name) for name in which], top or _TOP)
        return problems.load(problem_of(folder)), entrants, folder
