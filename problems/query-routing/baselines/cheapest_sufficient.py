"""The first model, by ascending mean cost, whose chance of being right reaches a threshold; else the likeliest."""

import numpy as np

from adrs_helpers.regression import filled, logistic, score_of

THRESHOLDS = np.linspace(0.05, 0.95, 37)


def choose(chance, order, threshold):
    enough = np.flatnonzero(chance[order] >= threshold)
    return int(order[enough[0]]) if len(enough) else int(chance.argmax())


def fit(train):
    features, accuracy, cost = train["features"], filled(train["accuracy"]), train["cost"]
    kept = len(features) * 3 // 4
    if kept == 0:
        return None
    order = np.argsort(cost.mean(axis=0), kind="stable")
    slopes, intercepts = logistic(features[:kept], accuracy[:kept])
    chances = 1 / (1 + np.exp(-(features[kept:] @ slopes + intercepts)))

    def score(threshold):
        choice = np.array([choose(chance, order, threshold) for chance in chances])
        return score_of(choice, accuracy[kept:], cost[kept:])

    threshold = max(THRESHOLDS.tolist(), key=score)
    return (*logistic(features, accuracy), order, threshold)


def route(model, state, request):
    if model is None:
        models = request["models"]
        return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"])
    slopes, intercepts, order, threshold = model
    return choose(1 / (1 + np.exp(-(request["features"] @ slopes + intercepts))), order, threshold)
