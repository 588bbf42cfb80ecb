"""Published outcomes of real models: RouterBench, RouteLLM, RouterArena. A file is known by its columns.

RouterBench: arXiv 2403.12031, CSV `sample_id, eval_name, prompt`, then `MODEL|score` (or `MODEL`) and
`MODEL|total_cost`. RouteLLM: arXiv 2406.18665, CSV `prompt, contaminated`, then a column 0/1 (or true/false) for each
of two models; rows that are contaminated are left out, as its own evaluation does. RouterArena: arXiv 2510.00202, one
row for each query and model, as CSV `global_index, model, accuracy, ...` or as JSON Lines of its cached results.
RouterArena may only be evaluated on: nothing is ever fitted to it (its README, since May 2026).
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from adrs.errors import UserError
from evaluators.routing import masking, price_list, splits, text_features
from evaluators.routing.arena import canonical
from evaluators.routing.files import parse_lines
from evaluators.routing.records import Model, Queries

WEAK_COST, STRONG_COST = 0.01, 1.0
"""Dollars a call that stand in for RouteLLM's costs, of which it has none."""
MOST_ROWS = 5000
_NAMES_OF_MODEL = ("model", "llm_selected", "prediction")


@dataclass(frozen=True)
class Table:
    """One file: rows with keys, texts, categories, and what each model made of them."""

    keys: Sequence[str]
    texts: Sequence[str]
    categories: Sequence[str]
    names: Sequence[str]
    accuracy: np.ndarray
    cost: np.ndarray
    input_tokens: np.ndarray | None
    output_tokens: np.ndarray | None
    priced: bool
    """Whether costs are recorded."""
    evaluation_only: bool
    known_clusters: np.ndarray | None = None

    @cached_property
    def clusters(self) -> np.ndarray:
        """int64[rows], of near-duplicates; every query is its own where no texts are known."""
        if self.known_clusters is not None:
            return self.known_clusters
        return splits.near_duplicates(self.texts) if any(self.texts) else np.arange(len(self.texts))


def read(path: Path) -> Table:
    """Read a file of any of the three. Raises UserError where it is none of them, or a row is broken."""
    rows = _rows(path)
    if not rows:
        raise UserError(f"{path} holds no rows")
    columns = set(rows[0])
    try:
        if {"global_index", "evaluation_result"} <= columns:
            return _arena([row for file in _cached(path, rows) for row in file])
        if {"global_index", "model", "accuracy"} <= columns:
            return _arena(rows)
        if {"sample_id", "prompt", "eval_name"} <= columns:
            return _routerbench(rows)
        if {"prompt", "contaminated"} <= columns:
            return _routellm(rows)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise UserError(f"{path}: a row cannot be read: {type(error).__name__}: {error}") from None
    raise UserError(f"{path} has none of the known sets of columns (RouterBench, RouteLLM, RouterArena)")


def _cached(path: Path, rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Cached results by file. Rows that name no model are those of the file's name, and its neighbours the others'."""
    first = rows[0]
    if any(first.get(name) for name in _NAMES_OF_MODEL):
        return [[_from_cache(row, "") for row in rows]]
    files = {file: _rows(file) for file in sorted(path.parent.glob("*.jsonl*"))}
    alike = {
        file: found for file, found in files.items() if found and {"global_index", "evaluation_result"} <= set(found[0])
    }
    return [
        [_from_cache(row, file.name.removesuffix(".gz").removesuffix(".jsonl")) for row in found]
        for file, found in alike.items()
    ]


def _rows(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    try:
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if text.lstrip().startswith("{"):
        return [dict(record.fields) for record in parse_lines(path, text)]
    csv.field_size_limit(1 << 24)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _routerbench(rows: Sequence[Mapping[str, str]]) -> Table:
    suffix = "|total_cost"
    names = [column.removesuffix(suffix) for column in rows[0] if column.endswith(suffix)]
    score = [name if name in rows[0] else f"{name}|score" for name in names]
    texts = [_prompt(row["prompt"]) for row in rows]
    return Table(
        [row["sample_id"] for row in rows], texts,
        [row["eval_name"] for row in rows], names, np.array([[float(row[name]) for name in score] for row in rows]),
        np.array([[float(row[name + suffix]) for name in names] for row in rows]), None, None, True, False,
    )  # fmt: skip


def _prompt(text: str) -> str:
    """RouterBench's prompts are lists of texts, as JSON or as Python writes them."""
    try:
        parts = json.loads(text)
    except ValueError:
        return text
    return "\n".join(parts) if isinstance(parts, list) else text


def _routellm(rows: Sequence[Mapping[str, str]]) -> Table:
    known = {"subject", "prompt", "contaminated"}
    names = [column for column in rows[0] if column not in known and not column.endswith("_response")]
    kept = [(place, row) for place, row in enumerate(rows) if row["contaminated"] not in ("1", "True", "true")]
    right = {"1": 1.0, "True": 1.0, "true": 1.0, "0": 0.0, "False": 0.0, "false": 0.0}
    accuracy = np.array([[right[row[name]] for name in names] for _, row in kept]).reshape(len(kept), len(names))
    cost = np.tile([WEAK_COST, STRONG_COST], (len(kept), 1))
    return Table(
        [f"{place:06d}" for place, _ in kept], [row["prompt"] for _, row in kept],
        [row.get("subject", "") for _, row in kept], names, accuracy, cost, None, None, False, False,
    )  # fmt: skip


def _from_cache(row: Mapping[str, Any], model: str) -> dict[str, Any]:
    """One line of a cached result; answers and ground truth are left where they are."""
    result, usage = row["evaluation_result"], row.get("token_usage") or {}
    return {
        "global_index": row["global_index"], "question": row.get("question", ""),
        "model": next((row[name] for name in _NAMES_OF_MODEL if row.get(name)), model),
        "accuracy": result["score"], "cost_usd": result["inference_cost"],
        "input_tokens": usage.get("input_tokens", 0), "output_tokens": usage.get("output_tokens", 0),
    }  # fmt: skip


def _arena(rows: Sequence[Mapping[str, Any]]) -> Table:
    names = list(dict.fromkeys(str(row["model"]) for row in rows))
    keys = list(dict.fromkeys(str(row["global_index"]) for row in rows))
    place = {key: index for index, key in enumerate(keys)}
    shape = (len(keys), len(names))
    accuracy, cost = np.full(shape, np.nan), np.zeros(shape)
    inputs, outputs = np.zeros(len(keys), dtype=np.int64), np.zeros(shape, dtype=np.int64)
    texts = [""] * len(keys)
    for row in rows:
        at, model = place[str(row["global_index"])], names.index(str(row["model"]))
        accuracy[at, model], cost[at, model] = float(row["accuracy"]), float(row["cost_usd"])
        inputs[at], outputs[at, model] = int(row["input_tokens"]), int(row["output_tokens"])
        texts[at] = str(row.get("question", ""))
    if np.isnan(accuracy).any():
        raise ValueError(f"query {keys[int(np.isnan(accuracy).any(axis=1).argmax())]} lacks a model")
    categories = [key.rpartition("_")[0] for key in keys]
    return Table(keys, texts, categories, names, accuracy, cost, inputs, outputs, True, True)


def queries(table: Table, categories: Sequence[str]) -> Queries:
    """All rows with hash features, names of issues masked; categories are numbered as they are given.

    Where nobody recorded input tokens, the pieces of the text are counted.
    """
    inputs = table.input_tokens
    if inputs is None:
        inputs = np.array([len(text_features.pieces(text)) for text in table.texts], dtype=np.int64)
    outputs = table.output_tokens
    if outputs is None:
        outputs = np.zeros(table.accuracy.shape, dtype=np.int64)
    texts = [masking.mask(text) for text in table.texts]
    numbers = {name: number for number, name in enumerate(categories)}
    return Queries(
        texts, text_features.hash_features_of(texts), inputs, outputs, table.accuracy, table.cost,
        np.array([numbers[name] for name in table.categories], dtype=np.int64),
        np.unique(table.clusters, return_inverse=True)[1].astype(np.int64),
    )  # fmt: skip


def models(fit: Table, path: Path) -> list[Model]:
    """The models of the table in a file, of which `fit` are the rows to fit to, at the prices of price_list.

    Where one has none, all get blends of the costs in `fit`, in and out alike, so that they compare. Raises UserError
    where there is nothing to blend.
    """
    listed = {**(price_list.published() or {}), **price_list.read_beside(path)}
    names = {name: name if name in listed else canonical(name) for name in fit.names}
    missing = [name for name, known in names.items() if known not in listed]
    if not missing:
        return [Model(name, *listed[known]) for name, known in names.items()]
    if not fit.keys:
        raise price_list.unknown(missing, path)
    tokens = (
        float(fit.input_tokens.sum() + fit.output_tokens.sum() / len(fit.names))
        if fit.input_tokens is not None and fit.output_tokens is not None
        else float(sum(len(text_features.pieces(text)) for text in fit.texts))
    )
    blended = 1e6 * fit.cost.sum(axis=0) / max(1.0, tokens)
    return [Model(name, price, price) for name, price in zip(fit.names, blended.tolist(), strict=True)]


def split(table: Table) -> tuple[Table, Table]:
    """Rows to fit to, of the splits train and validation, and rows to ask, of the split test.

    Of a large file the first rows by a hash are looked at.
    """
    if table.evaluation_only:
        return _take(table, np.zeros(0, dtype=np.int64)), table
    if len(table.keys) > MOST_ROWS:
        order = sorted(range(len(table.keys)), key=lambda row: splits.digest(table.keys[row]))
        table = _take(table, np.array(sorted(order[:MOST_ROWS])))
    dealt = splits.deal(table.clusters, table.keys, table.categories)
    fit = np.array([place for place, name in enumerate(dealt) if name != "test"], dtype=np.int64)
    asked = np.array([place for place, name in enumerate(dealt) if name == "test"], dtype=np.int64)
    return _take(table, fit, table.clusters[fit]), _take(table, asked, table.clusters[asked])


def _take(table: Table, rows: np.ndarray, clusters: np.ndarray | None = None) -> Table:
    """Some rows; without `clusters`, int64[rows], their near-duplicates are looked for among themselves, once asked."""
    chosen = rows.tolist()
    return Table(
        [table.keys[row] for row in chosen], [table.texts[row] for row in chosen],
        [table.categories[row] for row in chosen], table.names, table.accuracy[rows], table.cost[rows],
        None if table.input_tokens is None else table.input_tokens[rows],
        None if table.output_tokens is None else table.output_tokens[rows], table.priced, table.evaluation_only,
        clusters,
    )  # fmt: skip
