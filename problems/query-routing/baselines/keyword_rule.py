"""Queries with a telling word to the most accurate model, the others to the cheapest."""

from adrs_helpers.regression import filled

WORDS = ("solve", "calculate", "python", "how many", "prove")


def fit(train):
    return int(filled(train["accuracy"]).mean(axis=0).argmax()) if len(train["accuracy"]) else None


def route(model, state, request):
    text = request["text"].lower()
    if model is not None and any(word in text for word in WORDS):
        return model
    models = request["models"]
    return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"])
