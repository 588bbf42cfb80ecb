"""A model at random."""


def route(model, state, request):
    return request["seed"] % len(request["models"])
