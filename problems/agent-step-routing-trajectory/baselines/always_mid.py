"""Every call at tier mid."""


def route(model, state, request):
    return 1
