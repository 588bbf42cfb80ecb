"""Scores TwinRouterBench's own files (arXiv 2605.18859): predictions for its bank, a run's folder, task-level cases."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from adrs.errors import UserError
from evaluators.routing import agent_accounting, agent_questions, agent_run_folder, tiers
from evaluators.routing.agent_accounting import ERROR, Facts
from evaluators.routing.files import Record, Report, allow, distinct, read_records

_PREDICTED = ("pred_tier_id", "predicted_tier_id", "predicted_tier")


def score(options: Mapping[str, Any]) -> Report:
    """Score a file or folder. Options: predictions with bank and facts; or run_dir with instances, penalty, reprice,
    exclude_infrastructure; or cases. Raises UserError."""
    given = [name for name in ("predictions", "run_dir", "cases") if options.get(name) is not None]
    if len(given) != 1:
        raise UserError("adrs score agent-step-routing needs one of --predictions, --run-dir and --cases")
    if given == ["run_dir"]:
        allow(options, agent_run_folder.OPTIONS, "a run's folder")
        return agent_run_folder.score(options)
    if given == ["cases"]:
        allow(options, {"cases"}, "task-level cases")
        return _cases(options["cases"])
    allow(options, {"predictions", "bank", "facts"}, "predictions")
    if options.get("bank") is None:
        raise UserError("adrs score agent-step-routing --predictions needs --bank FILE")
    return _predictions(options["predictions"], options["bank"], options.get("facts"))


def _predictions(predictions: Path, bank: Path, facts: Path | None) -> Report:
    notes: list[str] = []
    rows = read_records(bank)
    keys = distinct(rows, "id")
    known = _facts(rows if facts is None else _told(keys, rows, facts, notes), bool(facts))
    chosen = _chosen(predictions, keys, notes)
    grades = agent_accounting.combine(agent_accounting.grade(known, chosen, official=True).sums().sum(axis=0))
    metrics: dict[str, Any] = {
        "case_pass_rate_percent": float(grades["row_pass"]),
        "case_exact_match_rate_percent": float(grades["row_exact"]),
        "trajectory_pass_rate_percent": float(grades["traj_pass"]),
        "cost_savings_score_percent": None, "combined_score_percent": None, "num_cases": len(keys),
        "num_errors": int((chosen == ERROR).sum()),
    }  # fmt: skip
    if not facts:
        notes.append("no token facts: CostSave and Combined need --facts FILE, see docs/scoring.md")
        return Report(metrics, notes)
    ours = agent_accounting.combine(agent_accounting.grade(known, chosen, official=False).sums().sum(axis=0))
    metrics["cost_savings_score_percent"] = _value(grades["cost_save"])
    metrics["combined_score_percent"] = _value(grades["combined"])
    metrics["cost_save"] = _value(ours["cost_save"])
    metrics["combined"] = _value(ours["combined"])
    metrics["legacy"] = agent_accounting.legacy(known, chosen)
    if metrics["num_errors"]:
        notes.append("cost_save bills rows in error at tier high; the official score leaves them out of all sums")
    return Report(metrics, notes)


def _value(found: np.ndarray) -> float | None:
    return float(found) if np.isfinite(found) else None


def _told(keys: Sequence[str], rows: Sequence[Record], path: Path, notes: list[str]) -> list[Record]:
    """The rows of the bank with what a file of token facts says of them; what both say must be the same."""
    records = read_records(path)
    facts = dict(zip(distinct(records, "id"), records, strict=True))
    if missing := [key for key in keys if key not in facts]:
        raise UserError(f"{path} lacks {len(missing)} rows of the bank, the first with id {missing[0]}")
    if len(facts) > len(keys):
        notes.append(f"{len(facts) - len(keys)} rows of {path} are of no call in the bank")
    return [_joined(row, facts[key]) for key, row in zip(keys, rows, strict=True)]


def _joined(row: Record, fact: Record) -> Record:
    told = {name: value for name, value in fact.fields.items() if value is not None}
    joined = Record({**row.fields, **told}, fact.where)
    ours, theirs = asdict(agent_questions.read(row)), asdict(agent_questions.read(joined))
    for name, value in ours.items():
        if row.fields.get(name) is not None and theirs[name] != value:
            raise UserError(f'{fact.where}: "{name}" is {theirs[name]}, but {value} in {row.where}')
    return joined


def _facts(rows: Sequence[Record], priced: bool) -> Facts:
    prompt, output = np.zeros((len(rows), 4), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    prefix = np.zeros(len(rows), dtype=bool)
    for place, row in enumerate(rows if priced else ()):
        row.text("benchmark")  # savings are weighed by it
        tokens = row.part("prompt_tokens")
        prompt[place] = [tokens.count(name) for name in tiers.NAMES]
        output[place] = row.count("output_tokens")
        prefix[place] = row.flag("prev_is_semantic_prefix")
    return agent_questions.facts([agent_questions.read(row) for row in rows], prompt, prefix, output)


def _chosen(path: Path, keys: Sequence[str], notes: list[str]) -> np.ndarray:
    """int64[rows of the bank]."""
    place = {key: number for number, key in enumerate(keys)}
    chosen = np.full(len(keys), ERROR)
    rows = read_records(path)
    failed = 0
    for key, row in zip(distinct(rows, "id"), rows, strict=True):
        if key not in place:
            raise UserError(f"{row.where}: the bank has no row with id {key}")
        tier = _predicted(row)
        failed += tier is None
        chosen[place[key]] = ERROR if tier is None else tier
    if len(rows) < len(keys):
        notes.append(f"{len(keys) - len(rows)} rows of the bank have no prediction and count as errors")
    if failed:
        notes.append(f"{failed} predictions have an error, or null for a tier, and count as errors")
    return chosen


def _predicted(row: Record) -> int | None:
    """The tier; None where the router gave none."""
    if row.fields.keys().isdisjoint((*_PREDICTED, "error")):
        raise UserError(f"{row.where} has none of {', '.join(_PREDICTED)} and error")
    found = {agent_questions.tier(row, name) for name in _PREDICTED if row.fields.get(name) is not None}
    if len(found) > 1:
        raise UserError(f"{row.where} has two tiers: {', '.join(tiers.NAMES[tier] for tier in sorted(found))}")
    return None if row.fields.get("error") or not found else found.pop()


def _cases(path: Path) -> Report:
    """Task-level cases: `passed`, and steps of three routes, each a list of {tier, completion_tokens}."""
    saved = possible = 0.0
    counted = passed = 0
    rows = read_records(path)
    for row in rows:
        baseline, test, optimal = (_steps_cost(row.parts(name)) for name in ("baseline", "test", "optimal"))
        good = row.flag("passed")
        passed += good
        if good and baseline > optimal:
            counted += 1
            saved += baseline - test
            possible += baseline - optimal
    notes = [f"{len(rows) - counted} cases are not passed or have no headroom, and are left out"]
    share = 100 * saved / possible if possible > 0 else None
    return Report({"cost_savings_score": share, "cases": len(rows), "passed": passed, "counted": counted}, notes)


def _steps_cost(steps: Sequence[Record]) -> float:
    """Dollars: completion tokens at the output price of each step's tier."""
    prices = tiers.STATIC_PRICES[:, tiers.OUTPUT]
    paid = (step.number("completion_tokens") * prices[agent_questions.tier(step, "tier")] for step in steps)
    return float(sum(paid) / 1e6)
