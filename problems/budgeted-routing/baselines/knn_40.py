"""Mean score and length of every cell over the 40 nearest queries by cosine."""

import numpy as np

from adrs_helpers.regression import nearest

NEIGHBOURS = 40


def fit(train):
    prices = np.array([(model["price_in"], model["price_out"]) for model in train["models"]])
    flat = (len(train["features"]), -1)
    score, tokens = train["score"].reshape(flat), train["output_tokens"].reshape(flat)
    return train["features"], score.astype(np.float32), tokens.astype(np.float32), prices, {}


def route(model, state, request):
    features, score, tokens, prices, known = model
    query = request["features"]
    key = query.tobytes()
    if key not in known:
        near = nearest(features, query, NEIGHBOURS)
        known[key] = score[near].mean(axis=0), tokens[near].mean(axis=0)
    quality, length = known[key]
    cells = len(request["budgets"])
    cost = (request["input_tokens"] * prices[:, :1] + length.reshape(-1, cells) * prices[:, 1:]).ravel() / 1e6
    best = int(((1 - request["lambda"]) * quality - request["lambda"] * cost).argmax())
    return best // cells, request["budgets"][best % cells]
