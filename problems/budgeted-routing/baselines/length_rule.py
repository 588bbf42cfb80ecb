"""Long queries to the most accurate model, the others to the cheapest; the dearer money, the smaller the budget."""


def fit(train):
    return int(train["score"][:, :, -1].mean(axis=0).argmax())


def route(model, state, request):
    models, budgets = request["models"], request["budgets"]
    budget = budgets[int((1 - request["lambda"]) * (len(budgets) - 1))]
    if len(request["text"]) >= 600:
        return model, budget
    return min(range(len(models)), key=lambda m: models[m]["price_in"] + models[m]["price_out"]), budget
