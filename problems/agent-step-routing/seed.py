"""The trivial program: every call at tier high."""


def route(model, state, request):
    return 3
