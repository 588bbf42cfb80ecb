"""Logistic regression of each model's success on the features, less a weight times its mean cost."""

import numpy as np

from adrs_helpers.regression import best_weight, filled, logistic

WEIGHTS = np.concatenate([[0.0], np.logspace(-3, 1, 33)])


def fit(train):
    features, accuracy, cost = train["features"], filled(train["accuracy"]), train["cost"]
    kept = len(features) * 3 // 4
    if kept == 0:
        return None
    slopes, intercepts = logistic(features[:kept], accuracy[:kept])
    chance = 1 / (1 + np.exp(-(features[kept:] @ slopes + intercepts)))
    price = np.tile(cost[:kept].mean(axis=0), (len(chance), 1))
    weight = best_weight(chance, 1000 * price, accuracy[kept:], cost[kept:], WEIGHTS)
    slopes, intercepts = logistic(features, accuracy)
    return slopes, intercepts, weight * 1000 * cost.mean(axis=0)


def route(model, state, request):
    if model is None:
        models = request["models"]
        return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"])
    slopes, intercepts, penalty = model
    chance = 1 / (1 + np.exp(-(request["features"] @ slopes + intercepts)))
    return int((chance - penalty).argmax())
