"""Ridge regressions of score and of real length in every cell, with costs that know how models keep their limits."""

import numpy as np

from adrs_helpers.blocks import choice, integer, real
from adrs_helpers.regression import ridge

ALPHA_SCORE = real(0.3, 300.0, 10.0)
ALPHA_LENGTH = real(0.3, 300.0, 30.0)
SQUARES = integer(1, 64, 8)
SQUARE_SCALE = real(0.01, 3.0, 0.5)
COST_SCALE = real(0.3, 3.0, 1.0)


def expand(x, axes):
    """Features, and squares of their projections on some directions."""
    projected = x @ axes
    return np.concatenate([x, SQUARE_SCALE * projected * np.abs(projected), SQUARE_SCALE * projected**2], axis=-1)


def fit(train):
    x, score = train["features"], train["score"]
    prices = np.array([(model["price_in"], model["price_out"]) for model in train["models"]])
    cells = score.shape[1] * score.shape[2]
    first, _ = ridge(x, score.reshape(len(x), cells), ALPHA_SCORE)
    axes = np.linalg.svd(first, full_matrices=False)[0][:, :SQUARES]
    z = expand(x, axes)
    length = np.log(np.maximum(train["output_tokens"], 1.0))
    spread = 0.5 * length.var(axis=0)
    slopes, intercepts = ridge(z, score.reshape(len(x), cells), ALPHA_SCORE)
    lengths, base = ridge(z, length.reshape(len(x), cells), ALPHA_LENGTH)
    return axes, slopes, intercepts, lengths, base + choice(1.0, 0.0) * spread.ravel(), prices, {}


def estimate(model, x):
    axes, slopes, intercepts, lengths, base, prices, known = model
    key = x.tobytes()
    if key not in known:
        z = expand(x, axes)
        tokens = np.exp(np.minimum(z @ lengths + base, 8.5))
        known[key] = np.clip(z @ slopes + intercepts, 0.0, 1.0), tokens.reshape(len(prices), -1) * prices[:, 1:]
    return known[key]


def route(model, state, request):
    quality, output = estimate(model, request["features"])
    prices, price = model[5], request["lambda"]
    cost = (request["input_tokens"] * prices[:, :1] + output).ravel() / 1e6
    best = int(((1.0 - price) * quality - COST_SCALE * price * cost).argmax())
    cells = len(request["budgets"])
    return best // cells, request["budgets"][best % cells]
