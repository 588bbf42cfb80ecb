"""A tier at random."""


def route(model, state, request):
    return request["seed"] % 4
