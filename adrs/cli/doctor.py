"""The verb that says what works on this machine, and why not."""

from typing import Annotated

import typer

from adrs.cli.groups import HOUSEKEEPING
from adrs.cli.runs import Json

SelfCheck = Annotated[
    str | None,
    typer.Option(
        "--self-check",
        metavar="SANDBOX",
        help="Instead, run programs that try to break out of this sandbox, and say which it held.",
    ),
]

Emulation = Annotated[
    bool, typer.Option("--emulation", help="Also send packets for two seconds: is this machine on time for emulation?")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor", rich_help_panel=HOUSEKEEPING)(doctor)


def doctor(self_check: SelfCheck = None, emulation: Emulation = False, as_json: Json = False) -> None:
    """Say what works on this machine: sandboxes, data, plug-ins. Also what each isolates, the cache, emulation."""
    from adrs.cli.output import console, print_json, safe, table
    from adrs.diagnosis import diagnose

    if self_check is not None:
        _check(self_check, as_json)
        return
    findings = diagnose(emulation)
    if as_json:
        print_json([finding.plain() for finding in findings])
        return
    rows = [[f.kind, f.name, "[green]yes[/]" if f.available else "[yellow]no[/]", safe(f.detail)] for f in findings]
    console().print(table(["what", "name", "works", "detail"], rows))


def _check(backend: str, as_json: bool) -> None:
    """Print what became of each hostile program; exit code 1 if any of them was not held."""
    from dataclasses import asdict

    from adrs.cli.output import console, print_json, safe, table
    from adrs.testing.sandbox import self_check

    findings = self_check(backend)
    failed = sum(not finding.ok for finding in findings)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        rows = [[f.name, "[green]held[/]" if f.ok else "[red]not held[/]", safe(f.detail)] for f in findings]
        console().print(table(["check", "sandbox", "what was seen"], rows))
        console().print(f"{backend}: {len(findings) - failed} of {len(findings)} checks passed")
    if failed:
        raise typer.Exit(1)
