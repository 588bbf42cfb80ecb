"""A truth value for a tier."""


def route(model, state, request):
    return True
