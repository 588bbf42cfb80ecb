"""CARROT with linear models (arXiv 2502.03261): ridge regressions of quality and of length, never a limit."""

import numpy as np

ALPHA = 10.0


def ridge(x, y):
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    centred = x - x_mean
    slopes = np.linalg.solve(centred.T @ centred + ALPHA * np.eye(x.shape[1]), centred.T @ (y - y_mean))
    return slopes, y_mean - x_mean @ slopes


def fit(train):
    prices = np.array([(model["price_in"], model["price_out"]) for model in train["models"]])
    tokens = train["output_tokens"][:, :, -1].astype(float)
    return ridge(train["features"], train["score"][:, :, -1]), ridge(train["features"], tokens), prices


def route(model, state, request):
    (slopes, intercepts), (lengths, base), prices = model
    quality = np.clip(request["features"] @ slopes + intercepts, 0, 1)
    tokens = np.maximum(request["features"] @ lengths + base, 0)
    cost = (request["input_tokens"] * prices[:, 0] + tokens * prices[:, 1]) / 1e6
    return int(((1 - request["lambda"]) * quality - request["lambda"] * cost).argmax()), None
