"""Always Qwen3-235B, limited to 50 tokens; in a pool without it the most accurate single model."""

NAME = "Qwen3-235B"


def fit(train):
    names = [model["name"] for model in train["models"]]
    return names.index(NAME) if NAME in names else int(train["score"][:, :, -1].mean(axis=0).argmax())


def route(model, state, request):
    return model, 50
