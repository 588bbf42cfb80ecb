"""The index after the last."""


def route(model, state, request):
    return len(request["models"])
