"""Scores of near neighbours around a ridge regression, mean lengths by cell, a finer step between budgets."""

import numpy as np

from adrs_helpers.blocks import integer, real
from adrs_helpers.regression import nearest, ridge

NEIGHBOURS = integer(5, 400, 60)
NEAR = real(0.0, 0.8, 0.2)
ALPHA = real(0.3, 300.0, 10.0)
COST_SCALE = real(0.3, 3.0, 1.0)
MIDDLE = real(0.0, 1.0, 0.0)


def fit(train):
    x = train["features"]
    score = train["score"].reshape(len(x), -1)
    prices = np.array([(model["price_in"], model["price_out"]) for model in train["models"]])
    slopes, intercepts = ridge(x, score, ALPHA)
    rest = score - (x @ slopes + intercepts)
    return x, rest.astype(np.float32), slopes, intercepts, train["output_tokens"].mean(axis=0), prices, {}


def route(model, state, request):
    x, rest, slopes, intercepts, tokens, prices, known = model
    query, price, budgets = request["features"], request["lambda"], request["budgets"]
    key = query.tobytes()
    if key not in known:
        near = rest[nearest(x, query, NEIGHBOURS)].mean(axis=0) if NEAR > 0.01 else 0.0
        known[key] = np.clip(query @ slopes + intercepts + NEAR * near, 0.0, 1.0)
    cost = (request["input_tokens"] * prices[:, :1] + tokens * prices[:, 1:]).ravel() / 1e6
    best = int(((1.0 - price) * known[key] - COST_SCALE * price * cost).argmax())
    cell = best % len(budgets)
    budget = budgets[cell]
    if budget is not None and 0 < cell < len(budgets) - 2:
        budget = int(budget + MIDDLE * 0.5 * (budgets[cell + 1] - budget))
    return best // len(budgets), budget
