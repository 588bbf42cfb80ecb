"""A fractional budget."""


def route(model, state, request):
    return (0, 10.5)
