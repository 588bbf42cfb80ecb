"""Always the most accurate single model, limited to 100 tokens."""


def fit(train):
    return int(train["score"][:, :, -1].mean(axis=0).argmax())


def route(model, state, request):
    return model, 100
