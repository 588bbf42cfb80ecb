"""A model alone."""


def route(model, state, request):
    return 0
