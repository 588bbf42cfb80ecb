"""Scores TwinRouterBench's own files (arXiv 2605.18859): predictions for its bank, a run's folder, task-level cases."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adrs.errors import UserError
from evaluators.routing import agent_accounting, agent_run_folder, tiers
from evaluators.routing.agent_accounting import ERROR, Facts
from evaluators.routing.files import Report, Row, allow, number, read_rows

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
    rows = read_rows(bank)
    keys = [_key(row, f"{bank}: row {place}") for place, row in enumerate(rows, 1)]
    if len(set(keys)) < len(keys):
        raise UserError(f"{bank}: an id appears twice")
    told = {_key(row, f"{facts}: row {place}"): row for place, row in enumerate(read_rows(facts), 1)} if facts else {}
    if facts and (missing := [key for key in keys if key not in told]):
        raise UserError(f"{facts} lacks {len(missing)} rows of the bank, the first with id {missing[0]}")
    known = _facts([{**row, **told.get(key, {})} for key, row in zip(keys, rows, strict=True)], bank, bool(facts))
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
        notes.append("no token facts: CostSave and Combined need --facts FILE with prompt_tokens and output_tokens")
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


def _key(row: Row, where: str) -> str:
    if row.get("id") is None:
        raise UserError(f"{where} has no id")
    return str(row["id"])


def _tier(value: Any, where: str) -> int:
    """A tier by number or name. Raises UserError."""
    if isinstance(value, str) and value in tiers.NAMES:
        return tiers.NAMES.index(value)
    if type(value) is int and 0 <= value <= tiers.HIGH:
        return value
    raise UserError(f"{where}: {str(value)[:40]!r} is no tier; known: 0..3, {', '.join(tiers.NAMES)}")


def _facts(rows: Sequence[Row], path: Path, priced: bool) -> Facts:
    prompt, label = np.zeros((len(rows), 4), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    output, prefix = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=bool)
    step = np.zeros(len(rows), dtype=np.int64)
    for place, row in enumerate(rows):
        where = f"{path}: row {place + 1}"
        label[place] = _tier(row.get("gold_tier_id"), where)
        step[place] = int(number(row, "step_index", where) or 1)
        if priced:
            tokens = row.get("prompt_tokens")
            if not isinstance(tokens, dict):
                raise UserError(f"{where}: the facts have no prompt_tokens by tier")
            prompt[place] = [int(number(tokens, name, where) or 0) for name in tiers.NAMES]
            output[place] = int(number(row, "output_tokens", where) or 0)
            prefix[place] = bool(row.get("prev_is_semantic_prefix"))
    instance = [str(row.get("instance_id") or row["id"]) for row in rows]
    return Facts(instance, [str(row.get("benchmark", "")) for row in rows], step, label, prompt, prefix, output)


def _chosen(path: Path, keys: Sequence[str], notes: list[str]) -> np.ndarray:
    """int64[rows of the bank]."""
    place = {key: number for number, key in enumerate(keys)}
    chosen = np.full(len(keys), ERROR)
    seen: set[str] = set()
    for number_, row in enumerate(read_rows(path), 1):
        where = f"{path}: row {number_}"
        key = _key(row, where)
        if key not in place:
            raise UserError(f"{where}: the bank has no row with id {key}")
        seen.add(key)
        value = next((row[name] for name in _PREDICTED if row.get(name) is not None), None)
        if row.get("error") or value is None:
            continue
        chosen[place[key]] = _tier(value, where)
    if len(seen) < len(keys):
        notes.append(f"{len(keys) - len(seen)} rows of the bank have no prediction and count as errors")
    return chosen


def _cases(path: Path) -> Report:
    """Task-level cases: `passed`, and steps of three routes, each a list of {tier, completion_tokens}."""
    saved = possible = 0.0
    counted = passed = 0
    rows = read_rows(path)
    for place, row in enumerate(rows, 1):
        where = f"{path}: row {place}"
        cost = {name: _steps_cost(row.get(name), f"{where}: {name}") for name in ("baseline", "test", "optimal")}
        passed += bool(row.get("passed"))
        if row.get("passed") and cost["baseline"] > cost["optimal"]:
            counted += 1
            saved += cost["baseline"] - cost["test"]
            possible += cost["baseline"] - cost["optimal"]
    notes = [f"{len(rows) - counted} cases are not passed or have no headroom, and are left out"]
    share = 100 * saved / possible if possible > 0 else None
    return Report({"cost_savings_score": share, "cases": len(rows), "passed": passed, "counted": counted}, notes)


def _steps_cost(steps: Any, where: str) -> float:
    """Dollars: completion tokens at the output price of each step's tier."""
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise UserError(f"{where} must be a list of steps, each with tier and completion_tokens")
    prices = tiers.STATIC_PRICES[:, tiers.OUTPUT]
    return float(
        sum((number(step, "completion_tokens", where) or 0) * prices[_tier(step.get("tier"), where)] for step in steps)
        / 1e6
    )
