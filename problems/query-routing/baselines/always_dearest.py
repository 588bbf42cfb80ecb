"""Always the dearest model by price."""


def route(model, state, request):
    models = request["models"]
    return max(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"])
