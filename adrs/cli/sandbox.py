"""Verbs about sandboxes."""

from typing import Annotated

import typer

from adrs.cli.groups import HOUSEKEEPING


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Prepare sandboxes.", no_args_is_help=True)
    group.callback()(lambda: None)
    group.command("build-image")(build_image)
    app.add_typer(group, name="sandbox", rich_help_panel=HOUSEKEEPING)


def build_image(
    problems: Annotated[
        list[str] | None, typer.Argument(help="Problems whose programs import more than numpy and numba.")
    ] = None,
) -> None:
    """Make the image of the docker sandbox from this interpreter's own files; nothing is downloaded."""
    from adrs import problem
    from adrs.sandbox import docker_image

    wanted = [problem.load(name).limits.imports for name in problems or ()] or [()]
    for imports in dict.fromkeys(tuple(imports) for imports in wanted):
        name, made = docker_image.build(imports)
        print(f"{name} {'was made' if made else 'is there already'}")
