"""One workload of budgeted routing: its cells, what a policy is shown of them, and what decisions come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from adrs.evaluation import Shared
from evaluators.routing import cost_curves
from evaluators.routing.budget_world import BUDGETS, CELLS, Answers
from evaluators.routing.cost_curves import Anchors
from evaluators.routing.records import Model

LAMBDAS = (0.0, *(weight / (1 + weight) for weight in (10 ** (1 + step / 4) for step in range(23))), 1.0)
"""What requests are asked with: l = w / (1 + w) for a dollar worth w in quality, and both ends."""
UNLIMITED = 0
"""Stands for None in arrays of budgets."""
_SEED_LIMIT = 2**63
_BOUND_WEIGHTS = 400
_ANCHORS = np.array(BUDGETS)


@dataclass(frozen=True)
class Task:
    """One workload."""

    models: Sequence[Model]
    fit: Answers
    asked: Answers

    @property
    def train(self) -> dict[str, Any]:
        """What `fit` is given."""
        return {
            "texts": list(self.fit.texts), "features": self.fit.features, "score": self.fit.score,
            "output_tokens": self.fit.tokens, "input_tokens": self.fit.input_tokens,
            "models": [model.plain() for model in self.models], "budgets": [*BUDGETS, None],
        }  # fmt: skip

    def requests(self, rows: np.ndarray, seeds: np.ndarray) -> dict[str, Any]:
        """What a policy is shown of requests, int64[rows]: request number l * n + q asks query q with LAMBDAS[l]."""
        query = rows % len(self.asked)
        return {
            "text": [self.asked.texts[number] for number in query.tolist()],
            "features": self.asked.features[query],
            "input_tokens": self.asked.input_tokens[query],
            "models": Shared([model.plain() for model in self.models]),
            "budgets": Shared([*BUDGETS, None]),
            "lambda": np.array(LAMBDAS)[rows // len(self.asked)],
            "seed": seeds[rows],
        }

    def seeds(self, seed: int) -> np.ndarray:
        """int64[requests]: the seed of each request."""
        return np.random.default_rng(seed).integers(0, _SEED_LIMIT, size=len(LAMBDAS) * len(self.asked))

    @cached_property
    def prices(self) -> np.ndarray:
        """float64[M, 2], dollars per million tokens in and out."""
        return np.array([(model.price_in, model.price_out) for model in self.models])

    @cached_property
    def cost(self) -> np.ndarray:
        """float64[n, M, CELLS], dollars."""
        return cell_cost(self.asked, self.prices)

    @cached_property
    def anchors(self) -> Anchors:
        """What normalises the areas."""
        best = int(self.asked.score[:, :, -1].mean(axis=0).argmax())
        return Anchors(float(self.cost.mean(axis=0).min()), float(self.cost[:, best, -1].mean()))

    @cached_property
    def official_span(self) -> tuple[float, float]:
        """Least and largest mean cost of a fixed cell, of the answers alone: the common range of the official QNC."""
        means = (self.asked.tokens * self.prices[:, 1][None, :, None]).mean(axis=0) / 1e6
        return float(means.min()), float(means.max())

    @cached_property
    def best_single(self) -> float:
        """Mean score of the most accurate single model without limit."""
        return float(self.asked.score[:, :, -1].mean(axis=0).max())

    @cached_property
    def bounds(self) -> dict[str, float]:
        """Areas that no policy can beat: utility is linear between anchors, so oracle points bound every curve.

        Between neighbouring oracle points a curve is at most as good as the dearer and as dear as the cheaper.
        """
        weights = [0.0, *np.logspace(-1, 8, _BOUND_WEIGHTS - 2).tolist(), np.inf]
        points = np.array([self.oracle_point(weight) for weight in weights])
        cost, quality = points[np.lexsort((points[:, 1], points[:, 0]))].T
        dearer = np.append(np.maximum.accumulate(quality)[1:], quality.max())
        corners = np.repeat(cost, 2), np.stack([quality, dearer], axis=1).ravel()
        return {
            "audc_extended_log": cost_curves.extended_log_area(*corners, self.anchors),
            "audc_extended": cost_curves.extended_area(*corners, self.anchors),
        }

    def oracle(self) -> np.ndarray:
        """int64[requests, 2]: the best model and budget of every request, as `requests` numbers them."""
        weights = [0.0, *(price / (1 - price) for price in LAMBDAS[1:-1]), np.inf]
        models, cells = np.divmod(np.concatenate([self._best_cells(weight) for weight in weights]), CELLS)
        return np.stack([models, np.append(_ANCHORS, UNLIMITED)[cells]], axis=1)

    def oracle_point(self, weight: float) -> tuple[float, float]:
        """Mean cost and score where each query gets its best cell at a price."""
        score, cost = (array.reshape(len(self.asked), -1) for array in (self.asked.score, self.cost))
        rows, best = np.arange(len(score)), self._best_cells(weight)
        return float(cost[rows, best].mean()), float(score[rows, best].mean())

    def _best_cells(self, weight: float) -> np.ndarray:
        """int64[n], model x CELLS + cell, of each query at a price; ties to the better or cheaper end."""
        score, cost = (array.reshape(len(self.asked), -1) for array in (self.asked.score, self.cost))
        if np.isinf(weight):
            order = np.lexsort((-score, cost), axis=1)
        elif weight == 0:
            order = np.lexsort((cost, -score), axis=1)
        else:
            order = (weight * cost - score).argmin(axis=1)[:, None]
        best: np.ndarray = order[:, 0]
        return best


def cell_cost(answers: Answers, prices: np.ndarray) -> np.ndarray:
    """float64[n, M, CELLS], dollars; prices: float64[M, 2], dollars per million tokens in and out."""
    read = answers.input_tokens[:, None, None] * prices[:, 0][None, :, None]
    found: np.ndarray = (read + answers.tokens * prices[:, 1][None, :, None]) / 1e6
    return found


@dataclass(frozen=True)
class Outcomes:
    """Of decisions, all float64[requests]."""

    score: np.ndarray
    cost: np.ndarray
    """Dollars, the prompt included."""
    output_cost: np.ndarray
    """Dollars, of the answer alone."""
    over: np.ndarray
    """1 where the answer is longer than 1.1 times its budget."""


def outcomes(task: Task, models: np.ndarray, budgets: np.ndarray, queries: np.ndarray) -> Outcomes:
    """Look decisions up; int64[requests] each. Budgets: UNLIMITED or 10..4000; model -1 is a failed decision.

    Between two anchors, score and number of tokens are interpolated linearly (arXiv 2602.02823, equation 9). A failed
    decision scores 0 and costs what the dearest cell of its query costs.
    """
    failed, model = models < 0, np.maximum(models, 0)
    free = budgets == UNLIMITED
    lower = np.clip(np.searchsorted(_ANCHORS, budgets, side="right") - 1, 0, len(BUDGETS) - 2)
    share = np.where(free, 0.0, (budgets - _ANCHORS[lower]) / (_ANCHORS[lower + 1] - _ANCHORS[lower]))
    left, right = np.where(free, CELLS - 1, lower), np.where(free, CELLS - 1, lower + 1)

    def between(table: np.ndarray) -> np.ndarray:
        value: np.ndarray = (1 - share) * table[queries, model, left] + share * table[queries, model, right]
        return value

    tokens = between(task.asked.tokens)
    output = tokens * task.prices[model, 1] / 1e6
    cost = task.asked.input_tokens[queries] * task.prices[model, 0] / 1e6 + output
    dearest = task.cost.max(axis=(1, 2))[queries]
    dearest_output = (task.asked.tokens * task.prices[:, 1][None, :, None]).max(axis=(1, 2))[queries] / 1e6
    return Outcomes(
        np.where(failed, 0.0, between(task.asked.score)),
        np.where(failed, dearest, cost),
        np.where(failed, dearest_output, output),
        np.where(failed | free, 0.0, tokens > 1.1 * budgets),
    )
