"""A truth value for an index."""


def route(model, state, request):
    return True
