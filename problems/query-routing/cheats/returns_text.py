"""A text for an index."""


def route(model, state, request):
    return "3"
