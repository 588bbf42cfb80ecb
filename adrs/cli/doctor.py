"""The verb that says what works on this machine, and why not."""

import typer

from adrs.cli.runs import Json


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor")(doctor)


def doctor(as_json: Json = False) -> None:
    """Say what works here: sandboxes and what each isolates, data, cache, plug-ins."""
    from adrs.cli.output import console, print_json, safe, table
    from adrs.diagnosis import diagnose

    findings = diagnose()
    if as_json:
        print_json([finding.plain() for finding in findings])
        return
    rows = [[f.kind, f.name, "[green]yes[/]" if f.available else "[yellow]no[/]", safe(f.detail)] for f in findings]
    console().print(table(["what", "name", "works", "detail"], rows))
