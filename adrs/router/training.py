"""What past runs teach a router: what was asked of which model, what came of it, and what that cost."""

import itertools
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from adrs.llm.prices import Price
from adrs.llm.routing import prompt_text
from adrs.llm.specs import ModelSpec, parse_spec
from adrs.router.features import features_of
from adrs.store import Reader
from adrs.store.requests import read_request

IMPROVED, VALID, USELESS = 1.0, 0.25, 0.0
"""Accuracy of a proposal that was better than its parent, of one that ran at least, and of any other."""
MOST_ROWS = 4000
"""The latest are kept; the problem's own fit sets have as many."""


@dataclass(frozen=True, slots=True)
class Member:
    """A model of the ensemble, as a router knows it."""

    spec: ModelSpec
    price: Price

    def plain(self) -> dict[str, Any]:
        """What a router is told: neither address nor key."""
        return {"name": self.spec.name, "price_in": self.price.input, "price_out": self.price.output}


@dataclass(frozen=True, slots=True)
class Row:
    """One proposal: the request that it began with, and all that it took."""

    prompt: str
    place: int
    """Of the model in the ensemble."""
    accuracy: float
    usd: float
    input_tokens: int
    output_tokens: int


def read_rows(reader: Reader, members: Sequence[Member]) -> list[Row]:
    """The proposals of a run by models of the ensemble, in order; requests that the log does not have are left out."""
    calls = reader.rows(
        "SELECT ticket, request_digest, usd, input_tokens, output_tokens FROM model_call ORDER BY ticket, id"
    )
    by_ticket = {ticket: list(group) for ticket, group in itertools.groupby(calls, key=lambda row: row[0])}
    rows = []
    for ticket, label, detail, verdict, fitness, before in _outcomes(reader):
        place = _place(label, members)
        made = by_ticket.get(ticket, [])
        first = made[1:] if "summary" in json.loads(detail) else made  # the request for a summary came before it
        messages = read_request(reader.rows, first[0][1]) if first else ()
        if place is None or not messages:
            continue
        usd, read, written = (sum(column) for column in zip(*(call[2:] for call in made), strict=True))
        rows.append(Row(prompt_text(messages), place, _accuracy(verdict, fitness, before), usd, read, written))
    return rows


def _outcomes(reader: Reader) -> list[tuple[Any, ...]]:
    """Ticket, model, detail, verdict, fitness and the parent's fitness of the programs by models, in order."""
    latest = "(SELECT MAX(id) FROM evaluation WHERE program = {} AND split = 'train')"
    return reader.rows(
        "SELECT p.ticket, p.model, p.detail, e.verdict, e.fitness, f.fitness FROM program p"
        f" LEFT JOIN evaluation e ON e.id = {latest.format('p.id')}"
        " LEFT JOIN parentage q ON q.child = p.id AND q.role = 'parent'"
        f" LEFT JOIN evaluation f ON f.id = {latest.format('q.parent')}"
        " WHERE p.model != '' ORDER BY p.id"
    )


def _accuracy(verdict: str | None, fitness: float | None, before: float | None) -> float:
    if verdict != "ok":
        return USELESS
    return IMPROVED if fitness is not None and (before is None or fitness > before) else VALID


def _place(label: str, members: Sequence[Member]) -> int | None:
    """Which member a model of a log is: by its label, else by its name, since servers move."""
    labels = [member.spec.label for member in members]
    if label in labels:
        return labels.index(label)
    names = [member.spec.name for member in members]
    name = parse_spec(label, {}).name
    return names.index(name) if names.count(name) == 1 else None


class Training:
    """What `fit` of a router is given: n proposals, each by one of M models."""

    def __init__(self, rows: Iterable[Row], members: Sequence[Member]) -> None:
        self.rows = list(rows)[-MOST_ROWS:]
        self._members = tuple(members)
        self._features = features_of([row.prompt for row in self.rows])
        self._places = np.array([row.place for row in self.rows], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def digest(self) -> str:
        """Of all rows, so that a session knows whether it can fit the router that an earlier one fitted."""
        known = [
            [row.prompt, row.place, row.accuracy, row.usd, row.input_tokens, row.output_tokens] for row in self.rows
        ]
        return sha256(json.dumps(known).encode()).hexdigest()

    def columns(self, offered: Sequence[int]) -> dict[str, Any]:
        """The argument of `fit` for some of the models and the proposals by them: float64[n, offered] and so on.

        The accuracy of a model that was not asked is NaN, its output tokens are 0. What it would have cost is reckoned
        with the tokens of the request and the mean length of its answers, or of all where it gave none.
        """
        kept = np.flatnonzero(np.isin(self._places, offered))
        rows = [self.rows[number] for number in kept.tolist()]
        n, count = len(rows), len(offered)
        accuracy = np.full((n, count), math.nan)
        written = np.zeros((n, count), dtype=np.int64)
        cost = np.zeros((n, count))
        for column, place in enumerate(offered):
            price, length = self._members[place].price, self._mean_length(place)
            for number, row in enumerate(rows):
                if row.place == place:
                    accuracy[number, column], written[number, column] = row.accuracy, row.output_tokens
                    cost[number, column] = row.usd
                else:
                    cost[number, column] = price.cost(row.input_tokens, length)
        return {
            "texts": [row.prompt for row in rows], "features": self._features[kept], "accuracy": accuracy,
            "cost": cost, "input_tokens": np.array([row.input_tokens for row in rows], dtype=np.int64),
            "output_tokens": written, "models": [self._members[place].plain() for place in offered],
        }  # fmt: skip

    def _mean_length(self, place: int) -> int:
        """Tokens of an answer."""
        own = [row.output_tokens for row in self.rows if row.place == place]
        lengths = own or [row.output_tokens for row in self.rows]
        return round(sum(lengths) / len(lengths)) if lengths else 0
