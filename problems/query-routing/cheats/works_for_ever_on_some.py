"""Takes its time over some queries."""


def route(model, state, request):
    while request["seed"] % 20 == 0:
        pass
    return 0
