"""Always the most accurate single model, without limit."""


def fit(train):
    return int(train["score"][:, :, -1].mean(axis=0).argmax())


def route(model, state, request):
    return model, None
