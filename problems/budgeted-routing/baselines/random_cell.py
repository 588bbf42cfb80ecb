"""A model and a budget at random."""


def route(model, state, request):
    models, budgets = len(request["models"]), request["budgets"]
    return request["seed"] % models, budgets[request["seed"] // models % len(budgets)]
