"""The score as a third value."""


def route(model, state, request):
    return (0, 100, 1.0)
