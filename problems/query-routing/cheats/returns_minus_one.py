"""The index before the first."""


def route(model, state, request):
    return -1
