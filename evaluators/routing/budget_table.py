"""R2-Bench as its owners publish it (arXiv 2602.02823): one CSV a model, in one folder, found through any of them.

Columns of a file: an id and the prompt where known, then for each budget b `{b}_score` and `{b}_count` (tokens), and
`unlimited_score`, `unlimited_count`. Prices are those of the paper's table 6, or stand beside the files in
`prices.json` in the form of RouterArena's price list.
"""

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from adrs.errors import UserError
from evaluators.routing import masking, price_list, splits, text_features
from evaluators.routing.budget_task import Task
from evaluators.routing.budget_world import BUDGETS, PROFILES, Answers
from evaluators.routing.records import Model

MOST_FIT, MOST_ASKED = 4000, 1500
_TEXT = ("prompt", "question", "query", "input")
_ID = ("id", "sample_id", "index", "query_id")


def load(path: Path) -> Task:
    """The CSVs beside `path`, split by near-duplicates of their prompts. Raises UserError."""
    files = sorted(path.parent.glob("*.csv"))
    rows = {file.stem: _rows(file) for file in files}
    lengths = {len(found) for found in rows.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise UserError(f"the files in {path.parent} do not hold the same number of queries: {sorted(lengths)}")
    score = np.stack([_cells(found, "score", file) for file, found in rows.items()], axis=1)
    tokens = np.stack([_cells(found, "count", file) for file, found in rows.items()], axis=1).astype(np.int64)
    first = next(iter(rows.values()))
    texts = [_field(row, _TEXT) for row in first]
    keys = [_field(row, _ID) or f"{place:06d}" for place, row in enumerate(first)]
    clusters = splits.near_duplicates(texts) if any(texts) else np.arange(len(texts))
    dealt = np.array(splits.deal(clusters, keys, [""] * len(keys)))
    texts = [masking.mask(text) for text in texts]
    inputs = np.array([len(text_features.pieces(text)) for text in texts], dtype=np.int64)

    if not (dealt == "test").any():
        raise UserError(f"the files in {path.parent} have too few different queries to keep some for asking")

    def part(chosen: np.ndarray) -> Answers:
        of = [texts[row] for row in chosen.tolist()]
        alike = np.unique(clusters[chosen], return_inverse=True)[1].astype(np.int64)
        return Answers(of, text_features.hash_features_of(of), inputs[chosen], score[chosen], tokens[chosen], alike)

    return Task(
        _models(list(rows), path),
        part(np.flatnonzero(dealt != "test")[:MOST_FIT]),
        part(np.flatnonzero(dealt == "test")[:MOST_ASKED]),
    )


def _models(names: list[str], path: Path) -> list[Model]:
    """The models by the names of their files. Raises UserError where a price is not known."""
    known = {profile.model.name: profile.model for profile in PROFILES}
    known |= {name: Model(name, *price) for name, price in price_list.read_beside(path).items()}
    missing = [name for name in names if name not in known]
    if missing:
        raise price_list.unknown(missing, path)
    return [known[name] for name in names]


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read: {error}") from None


def _cells(rows: list[dict[str, str]], what: str, file: str) -> np.ndarray:
    columns = [f"{budget}_{what}" for budget in (*BUDGETS, "unlimited")]
    try:
        found = np.array([[float(row[column]) for column in columns] for row in rows])
    except (KeyError, ValueError, TypeError) as error:
        raise UserError(f"{file}.csv: a row has no number for {error}") from None
    most = 1.0 if what == "score" else math.inf
    wrong = np.argwhere(~((found >= 0) & (found <= most) & np.isfinite(found)))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise UserError(f"{file}.csv: row {row + 1}: {columns[column]} is {found[row, column]:g}")
    return found


def _field(row: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if row.get(name)), "")
