"""Scores predictions in RouterArena's own format (arXiv 2510.00202, repository RouteWorks/RouterArena)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adrs.errors import UserError
from evaluators.routing import arena, price_list
from evaluators.routing.arena import Candidates, canonical
from evaluators.routing.files import Record, Report, allow, among, distinct, read_ids, read_records

_KEYS = ("global index", "global_index")
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
    notes: list[str] = []
    costs = _Costs(_prices(options.get("prices"), notes), notes)
    entries = [_Entry(row, costs) for row in read_records(path)]
    regular = [entry for entry in entries if not entry.for_optimality]
    if not regular:
        raise UserError(f"{path} holds no regular rows, without for_optimality")
    distinct([entry.row for entry in regular], *_KEYS)
    if len(regular) not in _SIZES:
        notes.append(f"{len(regular)} regular rows; RouterArena has 809 (its sub_10) or 8,400")
    metrics = _arena(regular, bool(options.get("unclamped")), notes)
    subset = _subset(options.get("subset"), regular, notes)
    metrics.update(_optimality(entries, subset, version, notes))
    metrics["robustness_score"] = _robustness(options.get("robustness"), regular, notes)
    costs.tell()
    return Report(metrics, notes)


class _Entry:
    """One row, checked."""

    def __init__(self, row: Record, costs: "_Costs") -> None:
        self.row = row
        self.key = row.key(*_KEYS)
        self.name = row.text("prediction", "")
        self.for_optimality = row.flag("for_optimality", False)
        self.accuracy = row.number("accuracy", None, most=1.0)
        self.cost = costs.of(row, self.name)


class _Costs:
    """Costs as they stand in the rows, or from tokens and prices."""

    def __init__(self, prices: price_list.Prices, notes: list[str]) -> None:
        self._prices = prices
        self._notes = notes
        self._guessed: dict[str, str] = {}
        self._unknown: dict[str, int] = {}
        self._computed = 0
        self._uncounted = 0

    def of(self, row: Record, name: str) -> float | None:
        """Dollars; None where the row has neither a cost nor tokens."""
        cost = row.number("cost", None)
        if cost is not None:
            return cost
        result = row.part("generated_result", None)
        usage = None if result is None else result.part("token_usage", None)
        if usage is None:
            return None
        price = self._price(name)
        if price is None:
            self._unknown[name] = self._unknown.get(name, 0) + 1
            return 0.0
        self._computed += 1
        tokens = [usage.number(key, None) for key in ("input_tokens", "output_tokens")]
        self._uncounted += None in tokens
        return (tokens[0] or 0.0) / 1e6 * price[0] + (tokens[1] or 0.0) / 1e6 * price[1]

    def _price(self, name: str) -> tuple[float, float] | None:
        wanted = canonical(name.removesuffix("_batch"))
        if wanted in self._prices:
            return self._prices[wanted]
        for known, price in self._prices.items():
            if wanted and (known in wanted or wanted in known):
                self._guessed[name] = known
                return price
        return None

    def tell(self) -> None:
        """Add what was computed, guessed or unknown to the notes."""
        if self._computed:
            self._notes.append(f"{self._computed} costs were computed from tokens and prices")
        if self._uncounted:
            self._notes.append(f"{self._uncounted} of these lack input_tokens or output_tokens, which counts as 0")
        for name, known in self._guessed.items():
            self._notes.append(f'the price of "{known}" was taken for "{name}", as the official fall-back does')
        for name, count in self._unknown.items():
            self._notes.append(f'no price is known for "{name}": {count} rows cost 0')


def _prices(path: Path | None, notes: list[str]) -> price_list.Prices:
    found = price_list.published() if path is None else price_list.read(path)
    if found is None:
        notes.append("no table of prices: give --prices FILE to price rows without cost")
    return found or {}


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
        notes.append(f"no arena score: {'no row has an accuracy' if accuracy is None else 'no cost'}")
    return {
        "accuracy": accuracy, "total_cost": sum(entry.cost or 0.0 for entry in regular), "avg_cost_per_1000": cost,
        "arena_score": score, "num_queries": len(regular),
    }  # fmt: skip


def _subset(path: Path | None, regular: Sequence[_Entry], notes: list[str]) -> set[str]:
    known = {entry.key for entry in regular}
    if path is None:
        notes.append("optimality counts all ids of the file; --subset FILE lists those of the 809-query subset")
        return known
    return among(read_ids(path, *_KEYS, "id"), known, path, "the regular rows", notes)


def _optimality(entries: Sequence[_Entry], subset: set[str], version: Any, notes: list[str]) -> dict[str, Any]:
    picks = {entry.key: entry for entry in entries if not entry.for_optimality and entry.key in subset}
    others: dict[str, list[tuple[str, float, float]]] = {}
    pool = [entry for entry in entries if entry.for_optimality]
    unasked = unknown = 0
    for entry in pool:
        if entry.key not in picks:
            unasked += 1
        elif entry.accuracy is None or entry.cost is None:
            unknown += 1
        else:
            others.setdefault(entry.key, []).append((entry.name, entry.accuracy, entry.cost))
    repeated = sum(len(each) - len({canonical(name) for name, _, _ in each}) for each in others.values())
    if not pool:
        notes.append("no rows have for_optimality: optimality compares each pick with nothing else")
    if unasked:
        notes.append(f"{unasked} rows with for_optimality belong to no query that counts for optimality")
    if unknown:
        notes.append(f"{unknown} rows with for_optimality have no accuracy or no cost and are left out")
    if repeated:
        notes.append(f"{repeated} rows with for_optimality repeat a model of their query: the last one counts")
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
    rows = read_records(path)
    if len(rows) != _TWINS:
        notes.append(f"{len(rows)} robustness rows; RouterArena has {_TWINS}")
    twins = [(key, row.text("prediction", "")) for key, row in zip(distinct(rows, *_KEYS), rows, strict=True)]
    names = {entry.key: entry.name for entry in regular}
    unmatched = sum(not names.get(key) or not name for key, name in twins)
    if unmatched:
        notes.append(f"{unmatched} robustness rows match no regular row, or lack a name")
    return arena.robustness(names, twins)
