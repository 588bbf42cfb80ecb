"""Cheapest sufficient: the first model by mean cost whose estimated accuracy comes near enough to the best one's."""

import numpy as np

from adrs_helpers.blocks import expression, real
from adrs_helpers.regression import filled, ridge, score_of

ALPHA = real(0.1, 100.0, 10.0)
SLACKS = np.linspace(0.0, real(0.1, 0.8, 0.5), 41)


def choose(quality, order, slack):
    best, mean = float(quality.max()), float(quality.mean())
    enough = quality[order] >= expression(best - slack, best, mean, slack)
    return int(order[int(enough.argmax())]) if enough.any() else int(quality.argmax())


def fit(train):
    x, accuracy, cost = train["features"], filled(train["accuracy"]), train["cost"]
    if len(x) < 8:
        return None
    order = np.argsort(cost.mean(axis=0), kind="stable")
    kept = len(x) * 3 // 4
    weights, constants = ridge(x[:kept], accuracy[:kept], ALPHA)
    held = x[kept:] @ weights + constants

    def score(slack):
        return score_of(np.array([choose(row, order, slack) for row in held]), accuracy[kept:], cost[kept:])

    return ridge(x, accuracy, ALPHA), order, max(SLACKS.tolist(), key=score)


def route(model, state, request):
    if model is None:
        models = request["models"]
        return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"])
    (weights, constants), order, slack = model
    return choose(request["features"] @ weights + constants, order, slack)
