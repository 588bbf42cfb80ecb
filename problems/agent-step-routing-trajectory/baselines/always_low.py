"""Every call at tier low."""


def route(model, state, request):
    return 0
