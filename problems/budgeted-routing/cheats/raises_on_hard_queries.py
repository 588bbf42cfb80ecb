"""Raises where a query looks hard."""


def route(model, state, request):
    if "prove" in request["text"] or "derive" in request["text"]:
        raise RuntimeError("too hard")
    return 0, 10
