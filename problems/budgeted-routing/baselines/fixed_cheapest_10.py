"""Always the cheapest model by price, limited to 10 tokens."""


def route(model, state, request):
    models = request["models"]
    return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"]), 10
