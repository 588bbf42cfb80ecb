"""A blend of logistic and ridge regression and of near neighbours, with costs estimated from the query's length."""

import math

import numpy as np

from adrs_helpers.blocks import integer, real
from adrs_helpers.regression import best_weight, filled, logistic, nearest, ridge, sigmoid

NEIGHBOURS = integer(5, 400, 80)
NEAR_SHARE = real(0.0, 0.5, 0.0)
RIDGE_SHARE = real(0.0, 1.0, 0.3)
ALPHA = real(0.1, 100.0, 10.0)
STRENGTH = real(0.01, 10.0, 1.0)
SHARPNESS = real(0.5, 3.0, 1.0)
WEIGHTS = np.concatenate([[0.0], np.logspace(-3.0, 1.5, 60)])


def learn(x, length, accuracy, logarithm):
    size = np.stack([length, length * length], axis=1)
    return (
        logistic(x, accuracy, STRENGTH),
        ridge(x, accuracy, ALPHA),
        ridge(np.hstack([x, size]), logarithm, ALPHA),
        x,
        accuracy,
    )


def estimate(learnt, x, length):
    (slopes, intercepts), (weights, constants), (price, base), known, accuracy = learnt
    quality = (1.0 - RIDGE_SHARE) * sigmoid(SHARPNESS * (x @ slopes + intercepts)) + RIDGE_SHARE * (
        x @ weights + constants
    )
    if NEAR_SHARE > 0.01:
        quality = (1.0 - NEAR_SHARE) * quality + NEAR_SHARE * accuracy[nearest(known, x, NEIGHBOURS)].mean(axis=0)
    cost = np.exp(np.clip(np.concatenate([x, [length, length * length]]) @ price + base, -20.0, 3.0))
    return quality, cost


def fit(train):
    x, accuracy, cost = train["features"], filled(train["accuracy"]), train["cost"]
    if len(x) < 8:
        return None
    length = np.array([math.log(1.0 + len(text)) for text in train["texts"]])
    logarithm = np.log(np.maximum(cost, 1e-9))
    kept = len(x) * 3 // 4
    learnt = learn(x[:kept], length[:kept], accuracy[:kept], logarithm[:kept])
    held = [estimate(learnt, row, size) for row, size in zip(x[kept:], length[kept:], strict=True)]
    quality, price = (np.array(column) for column in zip(*held, strict=True))
    weight = best_weight(quality, 1000.0 * price, accuracy[kept:], cost[kept:], WEIGHTS)
    return learn(x, length, accuracy, logarithm), weight * real(0.5, 2.0, 1.0)


def route(model, state, request):
    if model is None:
        models = request["models"]
        return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"])
    learnt, weight = model
    quality, cost = estimate(learnt, request["features"], math.log(1.0 + request["characters"]))
    return int((quality - weight * 1000.0 * cost).argmax())
