"""Scores predictions in RouterArena's own format (arXiv 2510.00202, repository RouteWorks/RouterArena)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adrs import resources
from adrs.errors import UserError
from evaluators.routing import arena
from evaluators.routing.arena import Candidates, canonical
from evaluators.routing.files import Report, Row, allow, number, read_object, read_rows

_PRICES = "routing/routerarena_model_prices.json"
_IN, _OUT = "input_token_price_per_million", "output_token_price_per_million"
_SIZES = (809, 8400)
_TWINS = 420
OPTIONS = {"predictions", "robustness", "subset", "prices", "optimality", "unclamped"}


def score(options: Mapping[str, Any]) -> Report:
    """Score a file. Options: predictions, robustness, subset, prices (paths), optimality (v1 or v2), unclamped.

    Raises UserError.
    """
    allow(options, OPTIONS, "query-routing")
    path = options.get("predictions")
    if path is None:
        raise UserError("adrs score query-routing needs --predictions FILE")
    version = options.get("optimality") or "v2"
    if version not in ("v1", "v2"):
        raise UserError(f'--optimality must be v1 or v2, not "{version}"')
    rows = read_rows(path)
    notes: list[str] = []
    costs = _Costs(_prices(options.get("prices"), notes), notes)
    entries = [_Entry(row, f"{path}: row {place}", costs) for place, row in enumerate(rows, 1)]
    regular = [entry for entry in entries if not entry.for_optimality]
    if not regular:
        raise UserError(f"{path} holds no regular rows, without for_optimality")
    if len(regular) not in _SIZES:
        notes.append(f"{len(regular)} regular rows; RouterArena has 809 (its sub_10) or 8,400")
    metrics = _arena(regular, bool(options.get("unclamped")), notes)
    subset = _subset(options.get("subset"), regular, notes)
    metrics.update(_optimality(entries, subset, version))
    metrics["robustness_score"] = _robustness(options.get("robustness"), regular, notes)
    costs.tell()
    return Report(metrics, notes)


class _Entry:
    """One row, checked."""

    def __init__(self, row: Row, where: str, costs: "_Costs") -> None:
        key = row.get("global index", row.get("global_index"))
        if key is None:
            raise UserError(f'{where} has no "global index"')
        name = row.get("prediction")
        if name is not None and not isinstance(name, str):
            raise UserError(f"{where}: prediction is no text but {type(name).__name__}")
        self.key = str(key)
        self.name = name or ""
        self.for_optimality = row.get("for_optimality") is True
        self.accuracy = number(row, "accuracy", where)
        self.cost = costs.of(row, self.name, where)


class _Costs:
    """Costs as they stand in the rows, or from tokens and prices."""

    def __init__(self, prices: Mapping[str, Any], notes: list[str]) -> None:
        self._prices = prices
        self._notes = notes
        self._guessed: dict[str, str] = {}
        self._unknown: dict[str, int] = {}
        self._computed = 0

    def of(self, row: Row, name: str, where: str) -> float | None:
        """Dollars; None where the row has neither a cost nor tokens."""
        cost = number(row, "cost", where)
        result = row.get("generated_result")
        usage = result.get("token_usage") if isinstance(result, dict) else None
        if cost is not None or not isinstance(usage, dict):
            return cost
        price = self._price(name)
        if price is None:
            self._unknown[name] = self._unknown.get(name, 0) + 1
            return 0.0
        self._computed += 1
        tokens = [number(usage, key, where) or 0.0 for key in ("input_tokens", "output_tokens")]
        return tokens[0] / 1e6 * float(price[_IN]) + tokens[1] / 1e6 * float(price[_OUT])

    def _price(self, name: str) -> Mapping[str, Any] | None:
        wanted = canonical(name.removesuffix("_batch"))
        if wanted in self._prices:
            found: Mapping[str, Any] = self._prices[wanted]
            return found
        for known, price in self._prices.items():
            if wanted and (known in wanted or wanted in known):
                self._guessed[name] = known
                return dict(price)
        return None

    def tell(self) -> None:
        """Add what was computed, guessed or unknown to the notes."""
        if self._computed:
            self._notes.append(f"{self._computed} costs were computed from tokens and prices")
        for name, known in self._guessed.items():
            self._notes.append(f'the price of "{known}" was taken for "{name}", as the official fall-back does')
        for name, count in self._unknown.items():
            self._notes.append(f'no price is known for "{name}": {count} rows cost 0')


def _prices(path: Path | None, notes: list[str]) -> Mapping[str, Any]:
    if path is None:
        try:
            path = resources.data_file(_PRICES)
        except UserError:
            notes.append("no table of prices: give --prices FILE to price rows without cost")
            return {}
    prices = read_object(path)
    for name, price in prices.items():
        if not isinstance(price, dict) or not {_IN, _OUT} <= set(price):
            raise UserError(f'{path}: the price of "{name}" lacks {_IN} or {_OUT}')
    return prices


def _arena(regular: Sequence[_Entry], unclamped: bool, notes: list[str]) -> dict[str, Any]:
    known = [entry.accuracy for entry in regular if entry.accuracy is not None]
    if len(known) < len(regular):
        notes.append(f"{len(regular) - len(known)} rows have no accuracy and are left out of its mean")
    dropped = sum(entry.cost is None or entry.cost <= 0 for entry in regular)
    if dropped:
        notes.append(f"{dropped} rows with zero or missing cost drop out of the sum of costs, as in the official file")
    accuracy = sum(known) / len(known) if known else None
    cost = arena.cost_per_thousand([entry.cost for entry in regular], len(regular))
    score = None if accuracy is None else arena.arena_score(accuracy, cost, clamped=not unclamped)
    if score is None:
        notes.append('no arena score: "no cost", or an accuracy outside 0..1')
    return {
        "accuracy": accuracy, "total_cost": sum(entry.cost or 0.0 for entry in regular), "avg_cost_per_1000": cost,
        "arena_score": score, "num_queries": len(regular),
    }  # fmt: skip


def _subset(path: Path | None, regular: Sequence[_Entry], notes: list[str]) -> set[str]:
    if path is None:
        notes.append("optimality counts all ids of the file; --subset FILE lists those of the 809-query subset")
        return {entry.key for entry in regular}
    rows = path.read_text(encoding="utf-8").split() if path.suffix == ".txt" else None
    if rows is not None:
        return set(rows)
    return {str(row.get("global index", row.get("global_index", row.get("id")))) for row in read_rows(path)}


def _optimality(entries: Sequence[_Entry], subset: set[str], version: Any) -> dict[str, Any]:
    picks: dict[str, _Entry] = {}
    others: dict[str, list[tuple[str, float, float]]] = {}
    for entry in entries:
        if entry.key not in subset:
            continue
        if not entry.for_optimality:
            picks[entry.key] = entry
        elif entry.accuracy is not None and entry.cost is not None:
            others.setdefault(entry.key, []).append((entry.name, entry.accuracy, entry.cost))
    found = arena.optimality(
        [Candidates(pick.name, pick.accuracy, pick.cost, others.get(key, ())) for key, pick in picks.items()], version
    )
    return {
        "optimal_selection_ratio": found.selection, "optimal_cost_ratio": found.cost_ratio,
        "optimal_accuracy_ratio": found.accuracy_ratio, "optimality_version": version,
        "optimality_queries": found.queries,
    }  # fmt: skip


def _robustness(path: Path | None, regular: Sequence[_Entry], notes: list[str]) -> float | None:
    if path is None:
        return None
    rows = read_rows(path)
    if len(rows) != _TWINS:
        notes.append(f"{len(rows)} robustness rows; RouterArena has {_TWINS}")
    twins = [(str(row.get("global index", row.get("global_index"))), str(row.get("prediction") or "")) for row in rows]
    names = {entry.key: entry.name for entry in regular}
    unmatched = sum(not names.get(key) or not name for key, name in twins)
    if unmatched:
        notes.append(f"{unmatched} robustness rows match no regular row, or lack a name")
    return arena.robustness(names, twins)
