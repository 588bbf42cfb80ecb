"""Verbs that make runs: run, resume, replay."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from adrs import cores
from adrs.cli.groups import EVOLVE
from adrs.cli.names import find_run
from adrs.errors import UserError, did_you_mean
from adrs.settings import LEAST

RunsDir = Annotated[Path, typer.Option("--runs-dir", help="Folder that holds runs.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all random choices. [default: 0]")]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, help=f"Evaluations at a time, at most {cores.WORKERS_PER_CORE} a core. [default: cores]"
    ),
]
SameWorkers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, help=f"Evaluations at a time, at most {cores.WORKERS_PER_CORE} a core. [default: as before]"
    ),
]
_SANDBOXES = "bubblewrap, namespaces, docker, landlock or process; `adrs doctor` says what each isolates"
SameSandbox = Annotated[
    str | None, typer.Option("--sandbox", help=f"Force a sandbox: {_SANDBOXES}. [default: as before]")
]
SandboxName = Annotated[
    str | None,
    typer.Option("--sandbox", help=f"Force a sandbox: {_SANDBOXES}. [default: the first of these that works]"),
]
MaxEvaluations = Annotated[int | None, typer.Option("--max-evaluations", min=1, help="Stop after so many evaluations.")]
MaxUsd = Annotated[float | None, typer.Option("--max-usd", min=0, help="Stop before models cost more dollars.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", min=1, help="Stop before models use more tokens.")]
MaxTime = Annotated[str | None, typer.Option("--max-time", "--budget", help="Stop after 90s, 10m, 2h or 1d.")]
Name = Annotated[str | None, typer.Option("--name", help="Name of the run. [default: problem-date-number]")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("run", rich_help_panel=EVOLVE)(run)
    app.command("resume", rich_help_panel=EVOLVE)(resume)
    app.command("replay", rich_help_panel=EVOLVE)(replay)


def run(
    problem: Annotated[str, typer.Argument(help="A shipped problem's name, or the path of a problem's folder.")],
    seed: Seed = None,
    name: Name = None,
    runs_dir: RunsDir = Path("runs"),
    workers: Workers = None,
    sandbox: SandboxName = None,
    search: Annotated[
        str | None,
        typer.Option(
            "--search",
            help="Search strategy: adaptive, beam, best-of-n, map-elites, novelty, pareto, random, top-k, or an "
            "installed package's. [default: adaptive]",
        ),
    ] = None,
    proposers: Annotated[
        str | None,
        typer.Option(
            "--proposers",
            help="Who writes programs: embedded, mutation (the same without building blocks), model; several with "
            "weights, say embedded:1,model:3. [default: embedded; with --model embedded,model]",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            help="Language model, NAME or NAME@URL, say gpt-5 or qwen3@http://localhost:8000/v1; may be repeated.",
        ),
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            "--price",
            help="NAME=IN/OUT[/CACHED], dollars per million tokens, say qwen3=0.2/0.8; may be repeated.",
        ),
    ] = None,
    model_router: Annotated[
        str | None,
        typer.Option(
            "--model-router", help="Program that chooses among the models: a path, or RUN:ID of query-routing."
        ),
    ] = None,
    model_router_train: Annotated[
        list[str] | None,
        typer.Option("--model-router-train", help="Past run that the router learns from; may be repeated."),
    ] = None,
    prompts: Annotated[Path | None, typer.Option("--prompts", help="Folder with prompt templates of yours.")] = None,
    prompt_characters: Annotated[
        int | None,
        typer.Option(
            "--prompt-characters", min=LEAST["prompt_characters"], help="Most characters of a prompt. [default: 48000]"
        ),
    ] = None,
    max_evaluations: MaxEvaluations = None,
    max_time: MaxTime = None,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    max_output_tokens: Annotated[
        int | None, typer.Option("--max-output-tokens", min=1, help="Most tokens of one answer.")
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            "--order",
            help="How the search hears of programs: ticket, in the order in which they were begun, which repeats; or "
            "arrival, as they end, so that a slow answer holds up nobody. [default: ticket, with models arrival]",
        ),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            "--window",
            min=1,
            help="Programs in the making at a time, at least as many as workers. [default: 8, or --workers if more]",
        ),
    ] = None,
    call_seconds: Annotated[
        float | None,
        typer.Option(
            "--call-seconds",
            min=0.001,
            help="Tighter limit, while searching, of one call or of all decisions of one batch together. "
            "[default: the problem's]",
        ),
    ] = None,
    workloads: Annotated[
        str | None, typer.Option("--workloads", help="`standard`, or `published`: train on the published workloads.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--start", help="Program to begin with instead of the problem's seed: a path, or RUN:ID of an earlier run."
        ),
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option("--executor", help="Where evaluations are done: `local`, or an installed one. [default: local]"),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file with these options as keys.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Evolve a problem. Without --max-evaluations or --max-time it ends after ten minutes.

    It ends earlier, with exit code 3, where nothing is left to hope for: the same failure, the same score, or nothing
    new too often in a row.
    """
    from adrs import problem as problems
    from adrs import session

    given = {
        "seed": seed, "name": name, "workers": workers, "sandbox": sandbox, "search": search, "proposers": proposers,
        "max_evaluations": max_evaluations, "max_time": max_time, "workloads": workloads, "model": model or None,
        "price": price or None, "prompts": str(prompts) if prompts else None,
        "model_router": model_router, "model_router_train": model_router_train or None,
        "prompt_characters": prompt_characters, "max_usd": max_usd,
        "max_tokens": max_tokens, "max_output_tokens": max_output_tokens, "order": order, "window": window,
        "call_seconds": call_seconds, "executor": executor, "start": start,
    }  # fmt: skip
    options = _merge(given, config)
    _add_prices(options)
    workloads = options["workloads"] or "standard"
    if workloads not in ("standard", "published"):
        raise UserError(f'--workloads "{workloads}"{did_you_mean(workloads, ["standard", "published"])}')
    loaded = problems.load(problem, workloads)
    if loaded.generated is not None:
        _add_imported(loaded.folder, options, quiet)
    settings = _settings(problem, options)
    from adrs.budget import Budget
    from adrs.cli.live import View

    budget = Budget(settings.max_evaluations, settings.max_seconds)
    with View(loaded, options["name"] or loaded.name, quiet, budget) as view:
        outcome = session.start(settings, runs_dir, options["name"], view)
    _finish(outcome, as_json)


def resume(
    run: Annotated[str, typer.Argument(help="Name of a run, a prefix of it, `last`, or its path.")],
    runs_dir: RunsDir = Path("runs"),
    workers: SameWorkers = None,
    sandbox: SameSandbox = None,
    max_evaluations: Annotated[
        int | None,
        typer.Option(
            "--max-evaluations", min=1, help="Stop after so many in all, with those that are done. [default: as before]"
        ),
    ] = None,
    max_time: Annotated[
        str | None,
        typer.Option("--max-time", "--budget", help="Go on for 90s, 10m, 2h from now. [default: what is left of it]"),
    ] = None,
    max_usd: Annotated[
        float | None,
        typer.Option("--max-usd", min=0, help="Stop before models have cost more dollars in all. [default: as before]"),
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-tokens", min=1, help="Stop before models have used more tokens in all. [default: as before]"
        ),
    ] = None,
    max_output_tokens: Annotated[
        int | None, typer.Option("--max-output-tokens", min=1, help="Most tokens of one answer. [default: as before]")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Go on with a run that stopped, in whatever way. Nothing recorded is done again. Options hold from now on."""
    from adrs import session
    from adrs.budget import Budget
    from adrs.cli.live import View

    folder = find_run(run, runs_dir)
    changes = {"workers": workers and cores.workers(workers), "sandbox": sandbox, "max_evaluations": max_evaluations,
               "max_seconds": _seconds(max_time), "max_usd": max_usd, "max_tokens": max_tokens,
               "max_output_tokens": max_output_tokens}  # fmt: skip
    before = _done(folder)
    settings, loaded, _ = session.resuming(folder, changes)
    with View(loaded, folder.name, quiet, Budget(settings.max_evaluations, settings.max_seconds)) as view:
        outcome = session.resume(folder, view, changes)
    _finish(outcome, as_json, anything_new=_done(folder) > before)


def replay(
    run: Annotated[str, typer.Argument(help="Name of a run, a prefix of it, `last`, or its path.")],
    runs_dir: RunsDir = Path("runs"),
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the new run. [default: RUN-replay-date-number]")
    ] = None,
    workers: SameWorkers = None,
    sandbox: SameSandbox = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Repeat a run from its recorded proposals and compare. Exit code 1 if a program comes out differently."""
    from adrs import session

    folder = find_run(run, runs_dir)
    changes = {"workers": workers and cores.workers(workers), "sandbox": sandbox}
    with _view(folder, quiet) as view:
        outcome = session.replay(folder, runs_dir, name, view, changes)
    _finish(outcome, as_json)


def _settings(problem: str, options: dict[str, Any]) -> Any:
    from adrs.settings import Settings

    if options["order"] not in (None, "ticket", "arrival"):
        raise UserError(f'--order "{options["order"]}"{did_you_mean(options["order"], ["ticket", "arrival"])}')
    called = {"proposer": "proposers", "models": "model", "prices": "price"}
    same = (
        "seed", "workloads", "search", "model_router", "model_router_train", "prompts", "prompt_characters", "start",
        "executor", "sandbox", "workers", "window", "order", "call_seconds", "max_evaluations", "max_usd", "max_tokens",
        "max_output_tokens",
    )  # fmt: skip
    given = {setting: options[called.get(setting, setting)] for setting in (*called, *same)}
    return Settings.filled(problem, max_seconds=_seconds(options["max_time"]), **given)


def _add_imported(folder: Path, options: dict[str, Any], quiet: bool) -> None:
    """What the configuration of another project's folder says of a run, where nobody else has said it."""
    from adrs import openevolve

    imported = openevolve.read(folder)
    given = {name for name, value in options.items() if value is not None}
    options.update({name: value for name, value in imported.options.items() if name not in given})
    for line in () if quiet else imported.lines(given):
        print(f"{folder.name}: {line}", file=sys.stderr)


def _seconds(duration: str | None) -> float | None:
    from adrs.budget import parse_duration

    return None if duration is None else parse_duration(duration, "--max-time")


def _merge(given: dict[str, Any], config: Path | None) -> dict[str, Any]:
    """Options of the command line, else those of the file, and the file's table of prices."""
    from adrs.llm.prices import read_table
    from adrs.strict_toml import Table, read

    if config is None:
        return {**given, "prices": {}}
    data = read(config)
    merged = {**given, "prices": read_table(Table("prices", data.pop("prices", {}), config))}
    keys: dict[str, str] = {}
    for key, value in data.items():
        name = key.replace("-", "_")
        if name not in given:
            raise UserError(f'{config}: unknown key "{key}"{did_you_mean(name, given)}')
        wrong = _wrong(name, value)
        if wrong:
            raise UserError(f"{config}: {key} must be {wrong}, not {value!r}")
        if name in keys:
            raise UserError(f"{config}: {keys[name]} and {key} are the same key; keep one of them")
        keys[name] = key
        if merged[name] is None:
            merged[name] = value
    return merged


def _add_prices(options: dict[str, Any]) -> None:
    """What the table of the file says of the run's models, where `--price` says nothing of them."""
    import os

    from adrs.llm.prices import parse_price, texts
    from adrs.llm.specs import parse_specs

    table, said = options.pop("prices"), options["price"] or []
    if not table or not options["model"]:
        return
    names = {parse_price(text)[0] for text in said}
    found = texts(table, parse_specs(options["model"], os.environ))
    options["price"] = [*said, *(text for text in found if parse_price(text)[0] not in names)]


def _wrong(name: str, value: Any) -> str:
    """What a value of the file should have been; empty if it is right."""
    from adrs.settings import wanted

    if name in LEAST or name in ("max_usd", "call_seconds"):
        return wanted(name, value)
    if name == "max_time":
        return "" if isinstance(value, str) else 'a duration in quotes, for example "10m"'
    if name in ("model", "price", "model_router_train"):
        strings = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
        return "" if strings else "a list of strings"
    return "" if isinstance(value, str) else "a string"


def _view(folder: Path, quiet: bool) -> Any:
    from adrs import problem as problems
    from adrs.cli.live import View
    from adrs.folders import made_from
    from adrs.store import Reader

    with Reader(folder) as reader:
        loaded = problems.load(made_from(reader), reader.info.configuration["workloads"])
    return View(loaded, folder.name, quiet)


def _done(folder: Path) -> int:
    """How many programs a run has told its search of, and what it has measured beside: baselines, the best few."""
    from adrs.store import Reader

    query = "SELECT COUNT(*) FROM event WHERE kind IN ('told', 'baseline') OR (kind = 'evaluated' AND ticket IS NULL)"
    with Reader(folder) as reader:
        return int(reader.rows(query)[0][0])


def _finish(outcome: Any, as_json: bool, anything_new: bool = True) -> None:
    """Print the end of a session and leave with its exit code."""
    from adrs import lineage
    from adrs.cli.output import print_json
    from adrs.cli.summary import print_nothing_new, print_outcome
    from adrs.run import REFUSED
    from adrs.store import Reader

    with Reader(outcome.path) as reader:
        gains, models = lineage.gains(reader, outcome.choice.winner), lineage.model_gains(reader)
        leads = lineage.standing(reader).leads
    if as_json:
        print_json({**outcome.plain(), "operators": lineage.plain(gains), "models": lineage.plain(models)})
    elif anything_new:
        print_outcome(outcome, gains, models, leads)
    else:
        print_nothing_new(outcome)
    if outcome.stopped_by.startswith("breaker"):
        raise typer.Exit(3)
    if outcome.stopped_by == "interrupt":
        raise typer.Exit(130)
    if outcome.difference is not None or outcome.stopped_by.startswith(REFUSED):
        raise typer.Exit(1)
