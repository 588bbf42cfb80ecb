"""CARROT with linear models (Somerstep et al., arXiv 2502.03261): ridge regressions of accuracy and of log cost.

The model with the largest estimated accuracy less a weight times estimated cost; the weight is the one with the best
arena score on the last quarter of the fit set.
"""

import math

import numpy as np

ALPHA = 10.0
WEIGHTS = np.concatenate([[0.0], np.logspace(-3, 1, 33)])


def ridge(x, y):
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    centred = x - x_mean
    slopes = np.linalg.solve(centred.T @ centred + ALPHA * np.eye(x.shape[1]), centred.T @ (y - y_mean))
    return slopes, y_mean - x_mean @ slopes, y.min(axis=0), y.max(axis=0)


def predict(fitted, x):
    slopes, intercepts, low, high = fitted
    return np.clip(x @ slopes + intercepts, low, high)


def arena_score(accuracy, cost):
    saved = math.log(200 / min(200, max(0.0044, cost))) / math.log(200 / 0.0044)
    return 1.1 * accuracy * saved / (0.1 * accuracy + saved) if accuracy + saved > 0 else 0.0


def fit(train):
    x, cost = train["features"], train["cost"]
    if len(x) < 4:
        return None
    accuracy = train["accuracy"]
    unseen = np.isnan(accuracy)
    if unseen.any():
        seen = np.where(unseen.all(axis=0), 0.0, np.nansum(accuracy, axis=0) / np.maximum(1, (~unseen).sum(axis=0)))
        accuracy = np.where(unseen, seen, accuracy)
    logarithm = np.log(np.maximum(cost, 1e-12))
    kept = len(x) * 3 // 4
    quality, price = (
        predict(ridge(x[:kept], accuracy[:kept]), x[kept:]),
        predict(ridge(x[:kept], logarithm[:kept]), x[kept:]),
    )
    rows = np.arange(len(x) - kept)

    def score(weight):
        choice = (quality - weight * 1000 * np.exp(price)).argmax(axis=1)
        return arena_score(accuracy[kept:][rows, choice].mean(), 1000 * cost[kept:][rows, choice].mean())

    return ridge(x, accuracy), ridge(x, logarithm), max(WEIGHTS.tolist(), key=score)


def route(model, state, request):
    if model is None:
        models = request["models"]
        return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"])
    quality, price, weight = model
    x = request["features"]
    return int((predict(quality, x) - weight * 1000 * np.exp(predict(price, x))).argmax())
