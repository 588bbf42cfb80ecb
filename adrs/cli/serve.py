"""Verbs around a run that goes on: serve, note, steer."""

from pathlib import Path
from typing import Annotated

import typer

from adrs.cli.groups import EVOLVE, INSPECT
from adrs.cli.inspect import Number, RunName
from adrs.cli.names import find_run
from adrs.cli.runs import Json, RunsDir
from adrs.errors import UserError, did_you_mean


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("serve", rich_help_panel=INSPECT)(serve)
    app.command("note", rich_help_panel=INSPECT)(note)
    app.command("steer", rich_help_panel=EVOLVE)(steer)


def serve(
    run: Annotated[str | None, typer.Argument(help="Run to show first: its name, a prefix, `last`, or a path.")] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65535, help="0 takes a free one. [default: 8641, or a free one if it is taken]"
        ),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Another address than this machine's own needs --token.")] = (
        "127.0.0.1"
    ),
    token: Annotated[
        str | None,
        typer.Option("--token", help="What writing needs, and reading from elsewhere. [default: made]"),
    ] = None,
    runs_dir: RunsDir = Path("runs"),
) -> None:
    """Show runs in a browser, live: curve, tree, programs, diffs. Prints the address to open; Ctrl-C ends it.

    Notes on programs and steering (pause, go on, stop, hint) need the token, which is the end of that address.
    """
    folder = find_run(run, runs_dir) if run is not None else None
    if folder is not None:
        runs_dir = folder.resolve().parent
    elif not runs_dir.is_dir():
        raise UserError(f"there is no folder {runs_dir} with runs; `adrs run PROBLEM` makes one")
    try:
        from adrs.web.server import serve as listen
    except ModuleNotFoundError as missing:
        raise UserError(f"adrs serve needs {missing.name}: pip install 'adrs[web]'") from None
    name = folder.resolve().name if folder is not None else None
    listen(runs_dir, name, host, port, token, lambda address: print(address, flush=True))


def note(
    run: RunName,
    program: Number,
    text: Annotated[str, typer.Argument(help="What is to be said of it.")],
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Leave a note on a program. `show`, `lineage RUN ID`, `report` and `serve` show it; proposers never see it."""
    _say(find_run(run, runs_dir), "note", text, program, as_json)


def steer(
    run: RunName,
    do: Annotated[str, typer.Argument(help="pause, continue, stop (the winner is chosen and reported), or hint.")],
    text: Annotated[str, typer.Argument(help="Of a hint.")] = "",
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Steer a run that goes on, from another terminal. A hint reaches all later briefs of models and `adrs ask`.

    Time budgets go on during a pause.
    """
    kinds = ["pause", "continue", "stop", "hint"]
    if do not in kinds:
        hint = f'; for a hint: adrs steer {run} hint "{do}"' if " " in do else did_you_mean(do, kinds)
        raise UserError(f'there is no "{do}"{hint}')
    if (do == "hint") != bool(text):
        raise UserError("give a text with hint, and with nothing else")
    _say(find_run(run, runs_dir), do, text, None, as_json)


def _say(folder: Path, kind: str, text: str, program: int | None, as_json: bool) -> None:
    from typing import cast

    from adrs import steering
    from adrs.cli.output import print_json
    from adrs.store import Reader
    from adrs.store.inbox import Kind

    recorded = steering.send(folder, cast(Kind, kind), text, program)
    with Reader(folder) as reader:
        heard = kind != "hint" or steering.reads_hints(reader)
    if as_json:
        print_json({"run": folder.name, "kind": kind, "program": program, "recorded": recorded})
        return
    print("recorded" if recorded else "left for the process that works on the run, which has not looked at it yet")
    if not heard:
        print("the embedded proposer of this run reads no hints; `adrs ask` passes them on")
