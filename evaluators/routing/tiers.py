"""The four tiers of models that an agent's calls are routed to, and what a call costs with prompt caches.

Prices and rules: TwinRouterBench (arXiv 2605.18859; repository CommonstackAI/TwinRouterBench), in dollars per million
tokens.
"""

import numpy as np

LOW, MID, MID_HIGH, HIGH = range(4)
NAMES = ("low", "mid", "mid_high", "high")
TOKENS = np.array([1.17, 0.97, 0.95, 1.0])
"""Tokens of a text by each tier's tokenizer, for one by that of tier high."""
INPUT, READ, WRITE, OUTPUT = range(4)
"""Columns of prices."""
STATIC_PRICES = np.array(
    [[0.26, 0.13, 0.26, 0.5], [0.30, 0.059, 0.30, 2.0], [0.50, 0.05, 0.08333, 5.0], [5.0, 0.5, 6.25, 25.0]]
)
"""float64[4, 4]: input, cache read, cache write, output of the recorded track."""
POOL_PRICES = np.array(
    [[0.252, 0.0252, 0.252, 0.378], [0.3, 0.059, 0.3, 1.2], [0.5, 0.05, 0.08333333333333334, 3.0],
     [5.0, 0.5, 6.25, 25.0]]
)  # fmt: skip
"""float64[4, 4]: the same of the pool of the live track, OpenRouter on 2026-04-23."""


def tier_tokens(tokens: np.ndarray) -> np.ndarray:
    """int64[..., 4]: tokens of tier high by every tier's tokenizer."""
    found: np.ndarray = np.floor(np.asarray(tokens)[..., None] * TOKENS).astype(np.int64)
    return found


def call_cost(prices: np.ndarray, tier: np.ndarray, read: np.ndarray, write: np.ndarray, out: np.ndarray) -> np.ndarray:
    """float64[n], dollars; prices: float64[4, 4]; tier: int64[n]; read, write, out: tokens, [n]."""
    cost: np.ndarray = (read * prices[tier, READ] + write * prices[tier, WRITE] + out * prices[tier, OUTPUT]) / 1e6
    return cost
