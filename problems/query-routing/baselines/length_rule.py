"""Long queries to the most accurate model, the others to the cheapest."""

from adrs_helpers.regression import filled


def fit(train):
    return int(filled(train["accuracy"]).mean(axis=0).argmax()) if len(train["accuracy"]) else None


def route(model, state, request):

    if model is not None and request["characters"] >= 600:
        return model
    models = request["models"]
    return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"])
