"""Every call at tier mid_high."""


def route(model, state, request):
    return 2
