"""The verb that compares runs."""

from pathlib import Path
from typing import Annotated

import typer

from adrs.cli.groups import INSPECT
from adrs.cli.runs import Json, RunsDir


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("compare", rich_help_panel=INSPECT)(compare)


def compare(
    run: Annotated[list[str], typer.Argument(help="Names of runs, prefixes, `last`, or paths.")],
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Put runs of one problem side by side, with best-of-n. Best so far by evaluations, seconds and dollars.

    best-of-n is shown where such a run is there: adrs run PROBLEM --search best-of-n --max-evaluations N makes one.
    """
    from adrs import compare as comparisons
    from adrs.cli.compare_view import print_comparison
    from adrs.cli.output import print_json

    made = comparisons.load(run, runs_dir)
    if as_json:
        print_json(made.plain())
    else:
        print_comparison(made, runs_dir)
