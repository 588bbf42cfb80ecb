"""Raises when it is told what came of a call."""


def route(model, state, request):
    return 3


def observe(model, state, feedback):
    raise RuntimeError("not interested")
