"""Verbs that make something else out of a run: report, export, repair."""

from pathlib import Path
from typing import Annotated

import typer

from adrs.cli.groups import HOUSEKEEPING, INSPECT
from adrs.cli.inspect import RunName
from adrs.cli.names import find_run
from adrs.cli.runs import Json, RunsDir
from adrs.errors import UserError
from adrs.folders import check_name


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("report", rich_help_panel=INSPECT)(report)
    app.command("export", rich_help_panel=INSPECT)(export)
    app.command("repair", rich_help_panel=HOUSEKEEPING)(repair)


def report(
    run: RunName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write. [default: report.html in the run's folder]")
    ] = None,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Write what a run found to one HTML file. It needs no network: curve, tree, diffs, baselines, costs."""
    from adrs import report as reports
    from adrs.cli.output import print_json
    from adrs.store import Reader

    folder = find_run(run, runs_dir)
    with Reader(folder) as reader:
        path = reports.write(reader, output or folder / "report.html")
    if as_json:
        print_json({"run": folder.name, "file": str(path), "bytes": path.stat().st_size})
    else:
        print(f"report of {folder.name} written to {path}")


def export(
    run: RunName,
    form: Annotated[
        str | None,
        typer.Option("--format", help="jsonl, csv, parquet, mlflow or wandb. [default: the end of --output, or jsonl]"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File; for mlflow and wandb a folder. [default: stdout; as configured]"),
    ] = None,
    sources: Annotated[bool, typer.Option("--sources/--no-sources", help="With the programs' text.")] = True,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Write all programs of a run as rows. Or the run itself to MLflow or, offline, to Weights & Biases."""
    from adrs import export as exports
    from adrs.cli.output import print_json
    from adrs.store import Reader

    with Reader(find_run(run, runs_dir)) as reader:
        if as_json and output is None and form in (None, "jsonl"):
            print_json(list(exports.rows(reader, sources)))
            return
        if as_json and output is None and form == "csv":
            raise UserError("--json prints JSON and --format csv a table: leave one out, or name a file with --output")
        done = exports.export(reader, form, output, sources)
    if done and as_json:
        print_json({"run": run, "done": done, "output": str(output) if output else None})
    elif done:
        print(done)


def repair(
    run: RunName,
    name: Annotated[str | None, typer.Option("--name", help="Name of the new run. [default: RUN-repaired]")] = None,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Save what can be read of a damaged run into a new one. The damaged one stays as it is."""
    from adrs.cli.output import print_json
    from adrs.lineage.state import journal_missing
    from adrs.store import Reader
    from adrs.store.repair import damage
    from adrs.store.repair import repair as save
    from adrs.text import run_in_command

    if name is not None:
        check_name(name)
    folder = find_run(run, runs_dir)
    found = damage(folder)
    if not found:
        with Reader(folder) as reader:
            missing = journal_missing(reader)
        if as_json:
            print_json({"run": folder.name, "damage": None, "repaired": None, "journal_missing": missing})
            return
        print(f"run {folder.name} is not damaged: all of it can be read")
        if missing:
            print("its last session was cut off, and there is no run.db-wal: a copy without it lacks the latest rows")
        return
    saved = save(folder, folder.parent / (name or f"{folder.name}-repaired"))
    if as_json:
        print_json({"run": folder.name, "damage": found, "repaired": saved.path.name, "path": str(saved.path),
                    "kept": saved.kept, "lost": saved.lost})  # fmt: skip
        return
    print(f"damage    {found.splitlines()[-1]}")
    print(f"kept      {', '.join(f'{count} {table}' for table, count in saved.kept.items())}")
    lost = ", ".join(f"{count} {table}" for table, count in saved.lost.items())
    print(f"lost      {lost or 'nothing that is known of'}")
    print(f"new run   {saved.path}; adrs lineage {run_in_command(saved.path)}")
