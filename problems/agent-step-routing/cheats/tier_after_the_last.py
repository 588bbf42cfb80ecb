"""A tier that does not exist."""


def route(model, state, request):
    return 4
