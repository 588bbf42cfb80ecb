"""Looks for the required tier in the request."""


def route(model, state, request):
    return request["tier"]
