"""Verbs that make runs: run, resume, replay."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from adrs import folders
from adrs.errors import UserError, did_you_mean

DEFAULT_TIME = "10m"

RunsDir = Annotated[Path, typer.Option("--runs-dir", help="Folder that holds runs.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all random choices. [default: 0]")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Evaluations at a time. [default: cores]")]
SandboxName = Annotated[str | None, typer.Option("--sandbox", help="Force a sandbox; see `adrs doctor`.")]
MaxEvaluations = Annotated[int | None, typer.Option("--max-evaluations", min=1, help="Stop after so many evaluations.")]
MaxTime = Annotated[str | None, typer.Option("--max-time", help="Stop after 90s, 10m, 2h.")]
Name = Annotated[str | None, typer.Option("--name", help="Name of the run. [default: problem-date-number]")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("run")(run)
    app.command("resume")(resume)
    app.command("replay")(replay)


def run(
    problem: Annotated[str, typer.Argument(help="A shipped problem's name, or the path of a problem's folder.")],
    seed: Seed = None,
    name: Name = None,
    runs_dir: RunsDir = Path("runs"),
    workers: Workers = None,
    sandbox: SandboxName = None,
    search: Annotated[str | None, typer.Option("--search", help="Search strategy. [default: adaptive]")] = None,
    proposers: Annotated[str | None, typer.Option("--proposers", help="Proposer. [default: embedded]")] = None,
    max_evaluations: MaxEvaluations = None,
    max_time: MaxTime = None,
    workloads: Annotated[
        str | None, typer.Option("--workloads", help="`standard`, or `published`: train on the published workloads.")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file with these options as keys.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Evolve a problem. Without --max-evaluations or --max-time it ends after ten minutes."""
    from adrs import problem as problems
    from adrs import session

    given = {
        "seed": seed, "name": name, "workers": workers, "sandbox": sandbox, "search": search, "proposers": proposers,
        "max_evaluations": max_evaluations, "max_time": max_time, "workloads": workloads,
    }  # fmt: skip
    options = _merge(given, config)
    if options["max_evaluations"] is None and options["max_time"] is None:
        options["max_time"] = DEFAULT_TIME
    workloads = options["workloads"] or "standard"
    if workloads not in ("standard", "published"):
        raise UserError(f'--workloads "{workloads}"{did_you_mean(workloads, ["standard", "published"])}')
    loaded = problems.load(problem, workloads)
    settings = _settings(problem, workloads, options)
    from adrs.cli.live import View

    with View(loaded, options["name"] or loaded.name, quiet) as view:
        outcome = session.start(settings, runs_dir, options["name"], view)
    _finish(outcome, as_json)


def resume(
    run: Annotated[str, typer.Argument(help="Name of a run, a prefix of it, `last`, or its path.")],
    runs_dir: RunsDir = Path("runs"),
    workers: Workers = None,
    sandbox: SandboxName = None,
    max_evaluations: MaxEvaluations = None,
    max_time: Annotated[str | None, typer.Option("--max-time", help="Go on for 90s, 10m, 2h from now.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Go on with a run that stopped, in whatever way. Nothing recorded is done again."""
    from adrs import session

    folder = folders.find_run(run, runs_dir)
    changes = {"workers": workers, "sandbox": sandbox, "max_evaluations": max_evaluations,
               "max_seconds": _seconds(max_time)}  # fmt: skip
    with _view(folder, quiet) as view:
        outcome = session.resume(folder, view, changes)
    _finish(outcome, as_json)


def replay(
    run: Annotated[str, typer.Argument(help="Name of a run, a prefix of it, `last`, or its path.")],
    runs_dir: RunsDir = Path("runs"),
    name: Name = None,
    workers: Workers = None,
    sandbox: SandboxName = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run again from the recorded proposals and compare, program by program."""
    from adrs import session

    folder = folders.find_run(run, runs_dir)
    with _view(folder, quiet) as view:
        outcome = session.replay(folder, runs_dir, name, view, {"workers": workers, "sandbox": sandbox})
    _finish(outcome, as_json)


def _settings(problem: str, workloads: str, options: dict[str, Any]) -> Any:
    import os

    from adrs.settings import Settings

    defaults = Settings(problem)
    workers = options["workers"] or len(os.sched_getaffinity(0))
    return Settings(
        problem=problem, seed=options["seed"] or 0, workloads=workloads, search=options["search"] or defaults.search,
        proposer=options["proposers"] or defaults.proposer, sandbox=options["sandbox"], workers=workers,
        window=max(defaults.window, workers), max_evaluations=options["max_evaluations"],
        max_seconds=_seconds(options["max_time"]),
    )  # fmt: skip


def _seconds(duration: str | None) -> float | None:
    from adrs.budget import parse_duration

    return None if duration is None else parse_duration(duration)


def _merge(given: dict[str, Any], config: Path | None) -> dict[str, Any]:
    """Options of the command line, else those of the file."""
    if config is None:
        return given
    try:
        data = tomllib.loads(config.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{config} is not valid TOML: {error}") from None
    except OSError as error:
        raise UserError(f"{config} cannot be read: {error.strerror}") from None
    whole_numbers = {"seed": 0, "workers": 1, "max_evaluations": 1}
    merged = dict(given)
    for key, value in data.items():
        name = key.replace("-", "_")
        if name not in given:
            raise UserError(f'{config}: unknown key "{key}"{did_you_mean(name, given)}')
        if name in whole_numbers:
            if not isinstance(value, int) or isinstance(value, bool) or value < whole_numbers[name]:
                raise UserError(f"{config}: {key} must be a whole number from {whole_numbers[name]}, not {value!r}")
        elif not isinstance(value, str):
            raise UserError(f"{config}: {key} must be a string, not {value!r}")
        if merged[name] is None:
            merged[name] = value
    return merged


def _view(folder: Path, quiet: bool) -> Any:
    from adrs import problem as problems
    from adrs.cli.live import View
    from adrs.store import Reader

    with Reader(folder) as reader:
        configuration = reader.info.configuration
    return View(problems.load(configuration["problem"], configuration["workloads"]), folder.name, quiet)


def _finish(outcome: Any, as_json: bool) -> None:
    """Print the end of a session and leave with its exit code."""
    from adrs.cli.output import print_json
    from adrs.cli.summary import print_outcome

    if as_json:
        print_json(outcome.plain())
    else:
        print_outcome(outcome)
    if outcome.stopped_by.startswith("breaker"):
        raise typer.Exit(3)
    if outcome.stopped_by == "interrupt":
        raise typer.Exit(130)
    if outcome.difference is not None:
        raise typer.Exit(1)
