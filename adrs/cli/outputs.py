"""Verbs that make files out of runs: report."""

from pathlib import Path
from typing import Annotated

import typer

from adrs import folders
from adrs.cli.inspect import RunName
from adrs.cli.runs import Json, RunsDir


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("report")(report)


def report(
    run: RunName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write. [default: report.html in the run's folder]")
    ] = None,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Write what a run found to one HTML file that needs no network: curve, tree, diffs, baselines, costs."""
    from adrs import report as reports
    from adrs.cli.output import print_json
    from adrs.store import Reader

    folder = folders.find_run(run, runs_dir)
    with Reader(folder) as reader:
        path = reports.write(reader, output or folder / "report.html")
    if as_json:
        print_json({"run": folder.name, "file": str(path), "bytes": path.stat().st_size})
    else:
        print(f"report of {folder.name} written to {path}")
