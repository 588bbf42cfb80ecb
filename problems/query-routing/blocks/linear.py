"""Ridge regressions of accuracy and log cost on the features, the length and the commonest telling words."""

import math

import numpy as np

from adrs_helpers.blocks import choice, integer, real
from adrs_helpers.regression import best_weight, filled, ridge

WORDS = integer(10, 400, 40)
WORD_SCALE = real(0.005, 1.0, 0.05)
LENGTH_SCALE = real(0.02, 2.0, 0.3)
ALPHA_QUALITY = real(0.1, 100.0, 10.0)
ALPHA_COST = real(0.01, 100.0, 1.0)
WEIGHTS = np.concatenate([[0.0], np.logspace(-3.0, 1.5, 60)])


def vocabulary(texts):
    """The words that occur in many texts, but not in most."""
    counts = {}
    for text in texts:
        for word in set(text.lower().replace(".", "").split()):
            counts[word] = counts.get(word, 0) + 1
    most = real(0.1, 1.0, 0.6) * len(texts)
    known = sorted((word for word in counts if counts[word] <= most), key=lambda word: (-counts[word], word))
    return {word: place for place, word in enumerate(known[:WORDS])}


def describe(words, text, features):
    found = np.zeros(len(words))
    tokens = text.lower().replace(".", "").split()
    for word in tokens:
        place = words.get(word)
        if place is not None:
            found[place] += 1.0
    scaled = choice(np.log1p(found), found / math.sqrt(1.0 + len(tokens)), np.minimum(found, 1.0))
    length = math.log(1.0 + len(tokens))
    return np.concatenate(
        [features, WORD_SCALE * scaled, [LENGTH_SCALE * length, LENGTH_SCALE * length * length / 5.0]]
    )


def estimate(x, accuracy, price):
    return np.clip(x @ accuracy[0] + accuracy[1], 0.0, 1.0), np.exp(np.clip(x @ price[0] + price[1], -20.0, 3.0))


def fit(train):
    accuracy, cost = filled(train["accuracy"]), train["cost"]
    if len(cost) < 8:
        return None
    words = vocabulary(train["texts"])
    x = np.array([describe(words, text, row) for text, row in zip(train["texts"], train["features"], strict=True)])
    logarithm = np.log(np.maximum(cost, 1e-9))
    kept = len(x) * 3 // 4
    held = estimate(
        x[kept:], ridge(x[:kept], accuracy[:kept], ALPHA_QUALITY), ridge(x[:kept], logarithm[:kept], ALPHA_COST)
    )
    weight = best_weight(held[0], 1000.0 * held[1], accuracy[kept:], cost[kept:], WEIGHTS)
    return words, ridge(x, accuracy, ALPHA_QUALITY), ridge(x, logarithm, ALPHA_COST), weight * real(0.5, 2.0, 1.0)


def route(model, state, request):
    if model is None:
        models = request["models"]
        return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"])
    words, accuracy, price, weight = model
    quality, cost = estimate(describe(words, request["text"], request["features"]), accuracy, price)
    return int((quality - weight * 1000.0 * cost).argmax())
