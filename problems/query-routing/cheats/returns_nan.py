"""Not a number."""


def route(model, state, request):
    return float("nan")
