"""The verb score: files of predictions in the formats of public benchmarks."""

from pathlib import Path
from typing import Annotated, Any

import typer

from adrs.cli.runs import Json
from adrs.errors import UserError

_Path = Path | None


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("score")(score)


def _file(text: str) -> Any:
    return typer.Option(exists=True, dir_okay=False, help=text)


def score(
    name: Annotated[str, typer.Argument(help="A problem that stands on a public benchmark.")],
    predictions: Annotated[_Path, _file("Predictions: RouterArena's JSON, or TwinRouterBench's JSON (Lines).")] = None,
    robustness: Annotated[_Path, _file("RouterArena: predictions for noisy twins.")] = None,
    subset: Annotated[_Path, _file("RouterArena: ids that count for optimality, words or JSON.")] = None,
    prices: Annotated[_Path, _file("RouterArena: prices of models, a JSON object.")] = None,
    optimality: Annotated[str | None, typer.Option(help="RouterArena: v2 (the default) or v1.")] = None,
    unclamped: Annotated[bool, typer.Option("--unclamped", help="RouterArena: cost term without clamps.")] = False,
    bank: Annotated[_Path, _file("TwinRouterBench: the question bank.")] = None,
    facts: Annotated[_Path, _file("TwinRouterBench: token facts, for CostSave and Combined.")] = None,
    run_dir: Annotated[_Path, typer.Option(exists=True, file_okay=False, help="TwinRouterBench: a live run.")] = None,
    instances: Annotated[_Path, _file("TwinRouterBench: ids that count, words or JSON.")] = None,
    penalty: Annotated[float | None, typer.Option(min=0.0, help="TwinRouterBench: dollars an unresolved run.")] = None,
    reprice: Annotated[bool, typer.Option("--reprice", help="TwinRouterBench: price raw usage anew.")] = False,
    exclude_infrastructure: Annotated[
        bool, typer.Option("--exclude-infrastructure", help="TwinRouterBench: drop instances with such errors.")
    ] = False,
    cases: Annotated[_Path, _file("TwinRouterBench: task-level cases.")] = None,
    curve: Annotated[_Path, _file("R2-Router: CSV with method, lambda, cost, performance.")] = None,
    target: Annotated[float | None, typer.Option(help="R2-Router: quality to reach.")] = None,
    range_: Annotated[str | None, typer.Option("--range", help="R2-Router: LO,HI of costs, dollars.")] = None,
    as_json: Json = False,
) -> None:
    """Score a file that somebody already has, by a public benchmark's own formulas: no program is run.

    \b
    adrs score query-routing --predictions FILE: JSON Lines, or a JSON list, of
      {"global index": "MATH_7", "prediction": "gpt-4o", "cost": 0.0021, "accuracy": 1.0}
    adrs score agent-step-routing --predictions FILE --bank BANK: lines of
      {"id": "case_step_1", "pred_tier_id": 0}
    and for the bank
      {"id": "case_step_1", "benchmark": "swebench", "instance_id": "case", "step_index": 1, "gold_tier_id": 3}
    adrs score agent-step-routing --run-dir DIR: a folder with results/*.json and traces
    adrs score budgeted-routing --curve FILE: CSV
      method,lambda,cost,performance
      mine,0,0.0021,0.75

    docs/scoring.md has the keys and types of every file, with an example of each.
    """
    import importlib

    from adrs import problem
    from adrs.cli.output import console, print_json, safe, table

    loaded = problem.load(name)
    if not loaded.scorer:
        known = [each for each in problem.shipped() if problem.load(each).scorer]
        raise UserError(f"problem {loaded.name} has no public format; those that have: {', '.join(known)}")
    module, _, function = loaded.scorer.partition(":")
    options = {
        "predictions": predictions, "robustness": robustness, "subset": subset, "prices": prices,
        "optimality": optimality, "unclamped": unclamped, "bank": bank, "facts": facts, "run_dir": run_dir,
        "instances": instances, "penalty": penalty, "reprice": reprice,
        "exclude_infrastructure": exclude_infrastructure, "cases": cases, "curve": curve, "target": target,
        "range": range_,
    }  # fmt: skip
    report = getattr(importlib.import_module(module), function)(options)
    plain = report.plain()
    if as_json:
        print_json(plain)
        return
    out = console()
    notes = plain.pop("notes")
    out.print(table(["metric", ">value"], [[safe(key), safe(value)] for key, value in _flat(plain)]))
    for note in notes:
        out.print(f"note: {safe(note)}", soft_wrap=True)


def _flat(values: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Names and texts, nested ones with a dot."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            found += _flat(value, f"{before}{name}.")
        else:
            text = "-" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)
            found.append((f"{before}{name}", text))
    return found
