"""A truth value for a budget."""


def route(model, state, request):
    return (0, True)
