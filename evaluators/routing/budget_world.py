"""Synthetic outcomes of every (query, model, answer budget), with the statistics of R2-Bench (arXiv 2602.02823).

Prices: table 6 of the paper. Quality and budget scale of the models follow the intercepts of its released regressors,
compliance with a budget its heat map.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluators.routing import query_words
from evaluators.routing.records import Model

BUDGETS = (10, 20, 30, 40, 50, 80, 100, 150, 200, 300, 500, 800, 1200, 2000, 4000)
"""Limits in tokens; the sixteenth cell of a model is without limit."""
CELLS = len(BUDGETS) + 1
CAP = 4000
CATEGORIES = ("OpenHermes", "MMLU-Pro", "MATH", "RAGBench", "GPQA", "MuSR")
SHARES = (0.4414, 0.2669, 0.1654, 0.1107, 0.0124, 0.0032)
MATH, RAGBENCH = 2, 3
_OFFSET = (0.0, -0.02, -0.02, 0.05, -0.30, -0.15)
_TOPIC = (0, 2, 4, 3, 1, 6)
"""Word list of each category."""
DIMENSIONS = 64
_MATH_BONUS = 0.25


@dataclass(frozen=True)
class Profile:
    """One model of the synthetic pool."""

    model: Model
    quality: float
    half: float
    """Budget at which it reaches half of its quality, tokens, for a query of need 1."""
    unlimited: float
    """Quality without limit."""
    length: float
    """Mean length without limit, tokens."""
    complies: tuple[float, float]
    """Share of answers within a limit of 10, and of 100 tokens or more."""
    mathematics: bool = False


PROFILES = (
    Profile(Model("Qwen3-235B", 0.18, 0.54), 0.84, 7, 0.82, 560, (0.86, 0.97)),
    Profile(Model("GLM-4.5-Air", 0.35, 1.55), 0.80, 21, 0.83, 2766, (0.50, 0.90)),
    Profile(Model("Llama-3.1-70B", 0.12, 0.30), 0.83, 11, 0.83, 1201, (0.44, 0.72)),
    Profile(Model("Qwen2.5-Math-7B", 0.03, 0.09), 0.46, 90, 0.49, 1113, (0.08, 0.60), True),
    Profile(Model("Qwen2.5-Math-1.5B", 0.01, 0.02), 0.42, 100, 0.43, 1265, (0.05, 0.60), True),
    Profile(Model("gemma-3-4b", 0.02, 0.07), 0.76, 12, 0.69, 583, (0.12, 0.65)),
    Profile(Model("Llama-3.2-3B", 0.02, 0.02), 0.73, 27, 0.71, 1066, (0.09, 0.67)),
    Profile(Model("Mistral-7B", 0.20, 0.20), 0.52, 12, 0.50, 526, (0.12, 0.72)),
    Profile(Model("Qwen3-0.6B", 0.07, 0.46), 0.36, 50, 0.34, 2500, (0.03, 0.65)),
    Profile(Model("gemma-3-1b", 0.01, 0.04), 0.52, 22, 0.49, 380, (0.05, 0.69)),
    Profile(Model("gemma-3-270m", 0.01, 0.02), 0.15, 12, 0.11, 900, (0.03, 0.60)),
)
ABSENT_ELSEWHERE = ("Qwen3-235B", "Llama-3.1-70B")
SHIFTED_SHARES = tuple(
    0.5 if place == MATH else 0.0 if place == RAGBENCH else 0.5 * share / (1 - SHARES[MATH] - SHARES[RAGBENCH])
    for place, share in enumerate(SHARES)
)


@dataclass(frozen=True)
class Answers:
    """n queries and what each of M models makes of them under each budget; the last cell is without limit."""

    texts: Sequence[str]
    features: np.ndarray
    """float64[n, F]."""
    input_tokens: np.ndarray
    """int64[n]."""
    score: np.ndarray
    """float64[n, M, CELLS], in 0..1."""
    tokens: np.ndarray
    """int64[n, M, CELLS], of the answer."""
    clusters: np.ndarray
    """int64[n], 0, 1, ...: of queries that are nearly the same."""

    def __len__(self) -> int:
        return len(self.features)

    def models(self, models: np.ndarray) -> "Answers":
        """The same of some models, int64[models]."""
        return replace(self, score=self.score[:, models], tokens=self.tokens[:, models])


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


class World:
    """The constants that all workloads share."""

    def __init__(self) -> None:
        rng = np.random.default_rng(17)
        models, categories = len(PROFILES), len(CATEGORIES)
        self.centres = rng.normal(size=(categories, DIMENSIONS))
        self.difficulty, self.need = _unit(rng.normal(size=(2, DIMENSIONS)))
        self.category_skill = 0.08 * rng.normal(size=(models, categories))
        self.loadings = _unit(rng.normal(size=(models, 4)))
        self.skills = _unit(rng.normal(size=(4, DIMENSIONS)))

    def draw(self, rng: np.random.Generator, number: int, shares: Sequence[float] = SHARES) -> Answers:
        """`number` queries and all their cells."""
        category = rng.choice(len(CATEGORIES), size=number, p=np.array(shares) / sum(shares))
        difficulty = np.clip(rng.normal(size=number), -2.5, 2.5)
        extent = rng.normal(size=number)
        skill = rng.normal(size=(number, 4))
        features = _unit(
            0.35 * self.centres[category] + 1.2 * difficulty[:, None] * self.difficulty
            + 1.5 * extent[:, None] * self.need + 1.2 * skill @ self.skills
            + 0.7 * rng.normal(size=(number, DIMENSIONS))
        )  # fmt: skip
        inputs = rng.lognormal(4.9, 0.8, size=number).astype(np.int64) + 5
        need = np.exp(0.35 * difficulty + 0.8 * extent)
        score = np.empty((number, len(PROFILES), CELLS))
        tokens = np.empty((number, len(PROFILES), CELLS), dtype=np.int64)
        level = -0.13 * difficulty + np.array(_OFFSET)[category]
        for place, profile in enumerate(PROFILES):
            own = level + self.category_skill[place, category] + 0.13 * (skill @ self.loadings[place])
            own += rng.normal(0, 0.06, size=number)
            bonus = _MATH_BONUS * ((category == MATH) & profile.mathematics)
            score[:, place] = _scores(rng, profile, bonus, need, own)
            tokens[:, place] = _lengths(rng, profile, number)
        hard = 0.02 + 0.06 * np.clip(0.5 + difficulty / 5, 0, 1)
        texts = query_words.write(rng, np.array(_TOPIC)[category], hard, inputs)
        return Answers(texts, features, inputs, score, tokens, np.arange(len(texts)))


def _scores(
    rng: np.random.Generator, profile: Profile, bonus: np.ndarray, need: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """float64[n, CELLS], rounded half up to tenths."""
    budgets = np.array(BUDGETS, dtype=float)
    limited = (profile.quality + bonus)[:, None] * budgets / (budgets + profile.half * need[:, None])
    limited[:, -1] -= 0.03
    mean = np.hstack([limited, (profile.unlimited + bonus)[:, None]]) + own[:, None]
    noisy = np.clip(mean + rng.normal(0, 0.10, size=mean.shape), 0.0, 1.0)
    rounded: np.ndarray = np.floor(10 * noisy + 0.5) / 10
    return rounded


def _lengths(rng: np.random.Generator, profile: Profile, number: int) -> np.ndarray:
    """int64[n, CELLS], tokens."""
    budgets = np.array(BUDGETS, dtype=float)
    shape = (number, len(BUDGETS))
    low, high = profile.complies
    share = low + (high - low) * np.minimum(1.0, np.log10(budgets / 10))
    within = rng.random(shape) < share
    short = budgets * rng.uniform(0.35, 1.1, size=shape)
    long = budgets * np.exp(np.abs(rng.normal(0.6, 0.4, size=shape)))
    most = rng.lognormal(math.log(1.2 * profile.length), 0.5, size=shape) + 5
    limited = np.minimum(np.where(within, short, long), most)
    free = rng.lognormal(math.log(profile.length) - 0.18, 0.6, size=(number, 1))
    found: np.ndarray = np.clip(np.hstack([limited, free]), 1, CAP).astype(np.int64)
    return found
