"""Synthetic queries with the statistics of RouterArena's: prices, accuracies by category, correlations, lengths.

The accuracies of claude-3-haiku and gemini-2.0-flash are RouterArena's (arXiv 2510.00202, cached results of 809
queries); those of the other models are plausible fill, and so are the lengths' factors.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from evaluators.routing import query_words
from evaluators.routing.records import Model, Queries

CATEGORIES = ("knowledge", "trivia", "domain", "understanding", "mathematics", "code", "translation")
SHARES = (0.341, 0.192, 0.184, 0.136, 0.062, 0.047, 0.038)
"""Of the 10 % sample of RouterArena."""
TRIVIA, MATHEMATICS, CODE, TRANSLATION = 1, 4, 5, 6
DIMENSIONS = 64
_DIFFICULTY, _SKILL = 0.67, math.sqrt(0.12)
_REST = math.sqrt(1 - 0.67**2 - 0.12)


@dataclass(frozen=True)
class Profile:
    """One model of the synthetic pool."""

    model: Model
    verbosity: float
    """Factor on the length of its answers."""
    accuracy: tuple[float, ...]
    """By category."""


def _profile(name: str, price_in: float, price_out: float, verbosity: float, *accuracy: float) -> Profile:
    return Profile(Model(name, price_in, price_out), verbosity, accuracy)


PROFILES = (
    _profile("mistral-7b", 0.2, 0.2, 1.0, 0.32, 0.34, 0.30, 0.40, 0.20, 0.10, 0.35),
    _profile("mixtral-8x7b", 0.6, 0.6, 1.1, 0.56, 0.52, 0.52, 0.55, 0.38, 0.20, 0.45),
    _profile("yi-34b", 0.8, 0.8, 1.0, 0.66, 0.60, 0.62, 0.68, 0.40, 0.18, 0.46),
    _profile("claude-3-haiku", 0.25, 1.25, 1.3, 0.558, 0.542, 0.638, 0.48, 0.28, 0.158, 0.568),
    _profile("gpt-3.5-turbo", 1.0, 2.0, 0.9, 0.63, 0.60, 0.58, 0.62, 0.45, 0.35, 0.55),
    _profile("gemini-2.0-flash", 0.1, 0.4, 1.0, 0.732, 0.697, 0.678, 0.671, 0.74, 0.474, 0.597),
    _profile("qwen3-235b", 0.18, 0.54, 2.2, 0.71, 0.64, 0.68, 0.68, 0.80, 0.52, 0.58),
    _profile("gpt-4-1106", 10.0, 30.0, 1.1, 0.80, 0.78, 0.74, 0.77, 0.68, 0.50, 0.62),
    _profile("gpt-5", 1.25, 10.0, 9.0, 0.84, 0.80, 0.79, 0.78, 0.90, 0.66, 0.66),
)
ABSENT_ELSEWHERE = ("gemini-2.0-flash", "qwen3-235b")
"""Models that the pool of the family `other-pool` lacks."""


@dataclass(frozen=True)
class Scene:
    """What one family asks."""

    shares: tuple[float, ...] = SHARES
    difficulty: float = 0.0
    """Mean, in standard deviations."""


_OTHERS = 1 - SHARES[MATHEMATICS] - SHARES[CODE]
SHIFTED = Scene(
    tuple(0.25 if place in (MATHEMATICS, CODE) else 0.5 * share / _OTHERS for place, share in enumerate(SHARES)), 0.4
)


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


class World:
    """The constants that all workloads share."""

    def __init__(self) -> None:
        rng = np.random.default_rng(11)
        self.centres = rng.normal(size=(len(CATEGORIES), DIMENSIONS))
        self.difficulty = _unit(rng.normal(size=DIMENSIONS))
        self.skills = _unit(rng.normal(size=(4, DIMENSIONS)))
        self.loadings = _unit(np.random.default_rng(12).normal(size=(len(PROFILES), 4)))

    def draw(self, rng: np.random.Generator, number: int, scene: Scene) -> Queries:
        """`number` queries and what every model of PROFILES makes of them."""
        category = rng.choice(len(CATEGORIES), size=number, p=np.array(scene.shares) / sum(scene.shares))
        difficulty = rng.normal(size=number) + scene.difficulty
        skill = rng.normal(size=(number, 4))
        features = _unit(
            0.35 * self.centres[category] + 1.2 * difficulty[:, None] * self.difficulty
            + 1.2 * skill @ self.skills + 1.3 * rng.normal(size=(number, DIMENSIONS))
        )  # fmt: skip
        tokens = np.maximum(5, rng.lognormal(math.log(122), 0.66, size=number).astype(np.int64))
        length = rng.lognormal(math.log(59), 0.55, size=number)
        length *= np.where(category == CODE, 2.6, np.where(category == MATHEMATICS, 1.6, 1.0))
        partial = (category == TRANSLATION) | ((category == TRIVIA) & (rng.random(number) < 0.22))
        credit = np.clip(rng.normal(0.45, 0.2, size=number), 0.02, 0.98)
        accuracy, output = np.empty((number, len(PROFILES))), np.empty((number, len(PROFILES)), dtype=np.int64)
        for place, profile in enumerate(PROFILES):
            threshold = np.array([NormalDist().inv_cdf(share) for share in profile.accuracy])[category]
            margin = threshold - _DIFFICULTY * difficulty + _SKILL * (skill @ self.loadings[place])
            correct = margin + _REST * rng.normal(size=number) > 0
            accuracy[:, place] = np.where(partial, np.minimum(1, 0.35 * credit + 0.55 * correct), correct)
            drawn = length * profile.verbosity * np.exp(rng.normal(0, 0.35, size=number))
            output[:, place] = np.maximum(1, drawn.astype(np.int64))
        prices = [(profile.model.price_in, profile.model.price_out) for profile in PROFILES]
        texts = query_words.write(rng, category, 0.02 + 0.06 * _normal_share(difficulty), tokens)
        return Queries(
            texts, features, tokens, output, accuracy, costs(tokens, output, np.array(prices)), category,
            np.arange(number),
        )  # fmt: skip


def costs(tokens: np.ndarray, output: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """float64[n, M], dollars. tokens: int64[n]; output: int64[n, M]; prices: float64[M, 2], $ per million tokens."""
    found: np.ndarray = (tokens[:, None] * prices[:, 0] + output * prices[:, 1]) / 1e6
    return found


def _normal_share(values: np.ndarray) -> np.ndarray:
    return np.array([NormalDist().cdf(value) for value in values.tolist()])


def twins(rng: np.random.Generator, queries: Queries, rows: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Texts and features, float64[rows, DIMENSIONS], of noisy twins of some queries."""
    noise = _unit(rng.normal(size=(len(rows), queries.features.shape[1])))
    texts = [query_words.disturb(rng, queries.texts[row]) for row in rows.tolist()]
    return texts, _unit(queries.features[rows] + 0.35 * noise)
