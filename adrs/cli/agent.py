"""Verbs for an agent, or a person, as the proposer: ask, tell, mcp."""

from pathlib import Path
from typing import Annotated, Any

import typer

from adrs.cli.groups import AGENTS
from adrs.cli.inspect import RunName
from adrs.cli.names import find_run
from adrs.cli.runs import Json, RunsDir, SandboxName
from adrs.text import run_in_command


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("ask", rich_help_panel=AGENTS)(ask)
    app.command("tell", rich_help_panel=AGENTS)(tell)
    app.command("mcp", rich_help_panel=AGENTS)(mcp)


def ask(run: RunName, runs_dir: RunsDir = Path("runs"), as_json: Json = False) -> None:
    """Print what to write next, as Markdown. Problem, parent, inspirations, failures, hints; the same until `tell`."""
    from adrs.agent import Desk
    from adrs.cli.output import print_json, printable

    folder = find_run(run, runs_dir)

    async def work(desk: Desk) -> None:
        asked = await desk.ask()
        how = _how_to_answer(folder, asked.parent.id)
        if as_json:
            print_json({"run": folder.name, **asked.plain(), "answer": how})
        else:
            print(printable(asked.markdown(how)), end="")

    _at_desk(Desk(folder), work)


def tell(
    run: RunName,
    file: Annotated[Path, typer.Argument(help="The program: one file.")],
    parent: Annotated[
        list[int] | None,
        typer.Option("--parent", help="Program it was made from; repeat it for more. [default: the one that ask says]"),
    ] = None,
    rationale: Annotated[str, typer.Option("--rationale", help="What was changed and why, in a sentence.")] = "",
    sandbox: SandboxName = None,
    runs_dir: RunsDir = Path("runs"),
    as_json: Json = False,
) -> None:
    """Evaluate a program on train and record it in the run. The exit code is 0, whatever the verdict."""
    from adrs.agent import Desk, told
    from adrs.assess import read_program
    from adrs.cli.output import print_json

    folder, source = find_run(run, runs_dir), read_program(file)

    async def work(desk: Desk) -> None:
        program = await desk.tell(source, parent or (), rationale)
        found = told(folder, program)
        if as_json:
            print_json({"run": folder.name, **found})
        else:
            _print_told(folder.name, found)

    _at_desk(Desk(folder, 1, sandbox), work)


def mcp(run: RunName, sandbox: SandboxName = None, runs_dir: RunsDir = Path("runs")) -> None:
    """Serve a run to a coding agent. Over the Model Context Protocol (MCP), on stdin and stdout."""
    from adrs.mcp_server import serve

    serve(find_run(run, runs_dir), sandbox)


def _how_to_answer(folder: Path, parent: int) -> str:
    run = run_in_command(folder)
    return (
        "Write the whole program to a file of its own and hand it in. It is then screened, evaluated on the training "
        f"workloads and recorded, whatever becomes of it:\n\n    adrs tell {run} FILE --parent {parent} --rationale "
        '"what was changed and why, in a sentence"\n\nWhere it was made from another program, give that one\'s number; '
        f"`--parent` may be repeated. `adrs show {run} NUMBER` prints any program of the run."
    )


def _at_desk(desk: Any, work: Any) -> None:
    from adrs import threads

    async def whole() -> None:
        try:
            await work(desk)
        finally:
            await desk.close()

    threads.run(whole())


def _print_told(run: str, told: dict[str, Any]) -> None:
    from adrs.cli.output import console, gain, metric, number, safe, table, verdict

    out = console()
    out.print(f"program  {told['id']} of {safe(run)}{' [bold green]new best[/]' if told['best'] else ''}")
    out.print(f"verdict  {verdict(told['verdict'])}  {safe(told['reason'])}", soft_wrap=True)
    if told["score"] is not None:
        step = f"  {gain(told['gain'])} over program {told['parents'][0]['id']}" if told["gain"] is not None else ""
        out.print(f"score    [bold]{told['score']:.2f}[/] on train (0 = trivial, 100 = state-of-the-art){step}")
    for key, value in told["metrics"].items():
        out.print(f"         {safe(key)} {metric(value)}")
    rows = [[safe(each["name"]), verdict(each["verdict"]), number(each["score"]),
             *(metric(each["metrics"].get(key)) for key in _metrics(told))] for each in told["workloads"]]  # fmt: skip
    if rows:
        out.print(table(["workload", "verdict", ">score", *(f">{safe(key)}" for key in _metrics(told))], rows))
    for each in told["workloads"]:
        if each["feedback"]:
            out.print(f"feedback {safe(each['name'])}: {safe(each['feedback'])}", soft_wrap=True)
    if told["output"]:
        out.print(f"output\n{safe(told['output'])}", soft_wrap=True)


def _metrics(told: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(key for each in told["workloads"] for key in each["metrics"]))
