"""mid_high, and high after an error flag."""


def route(model, state, request):
    return 3 if request["signal"][3] > 0 else 2
