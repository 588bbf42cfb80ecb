"""The trivial program: always the model with the highest arena score on the fit set."""

import math

import numpy as np

from adrs_helpers.regression import filled


def arena_score(accuracy, cost):
    saved = math.log(200 / min(200, max(0.0044, cost))) / math.log(200 / 0.0044)
    return 1.1 * accuracy * saved / (0.1 * accuracy + saved) if accuracy + saved > 0 else 0.0


def fit(train):
    accuracy, cost = train["accuracy"], train["cost"]
    if len(accuracy) == 0:
        return None
    scores = [arena_score(a, 1000 * c) for a, c in zip(filled(accuracy).mean(axis=0), cost.mean(axis=0), strict=True)]
    return int(np.argmax(scores))


def route(model, state, request):
    if model is None:
        models = request["models"]
        return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"])
    return model
