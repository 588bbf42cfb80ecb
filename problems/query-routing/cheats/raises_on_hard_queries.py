"""Raises where a query looks hard, so as to be left out of the mean there."""


def route(model, state, request):
    if "prove" in request["text"] or "derive" in request["text"]:
        raise RuntimeError("too hard")
    return 0
