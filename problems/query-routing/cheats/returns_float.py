"""A float for an index."""


def route(model, state, request):
    return 2.0
