"""A budget below the least that is on offer."""


def route(model, state, request):
    return (0, 5)
