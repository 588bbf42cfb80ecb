"""R2-Router with ridge regressions (arXiv 2602.02823): quality of every model under every budget, from the features.

An answer is taken to be as long as its budget; without limit, as long as another ridge regression says.
"""

import numpy as np

ALPHA = 10.0


def ridge(x, y):
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    centred = x - x_mean
    slopes = np.linalg.solve(centred.T @ centred + ALPHA * np.eye(x.shape[1]), centred.T @ (y - y_mean))
    return slopes, y_mean - x_mean @ slopes


def fit(train):
    x, score = train["features"], train["score"]
    prices = np.array([(model["price_in"], model["price_out"]) for model in train["models"]])
    lengths, base = ridge(x, train["output_tokens"][:, :, -1].astype(float))
    slopes, intercepts = ridge(x, score.reshape(len(x), -1))
    limits = np.array(train["budgets"][:-1], dtype=float)
    return slopes, intercepts, lengths, base, prices, np.tile(limits, (len(prices), 1)), {}


def route(model, state, request, r2_rounding=False):
    slopes, intercepts, lengths, base, prices, limits, known = model
    x, price = request["features"], request["lambda"]
    key = x.tobytes(), request["input_tokens"]
    if key not in known:
        free = np.maximum(x @ lengths + base, 0)
        tokens = np.hstack([limits, free[:, None]])
        cost = (request["input_tokens"] * prices[:, :1] + tokens * prices[:, 1:]).ravel() / 1e6
        known[key] = np.clip(x @ slopes + intercepts, 0, 1), cost
    quality, cost = known[key]
    value = (1 - price) * quality - price * cost
    best = int((np.round(value, 8) if r2_rounding else value).argmax())
    cells = len(request["budgets"])
    return best // cells, request["budgets"][best % cells]
