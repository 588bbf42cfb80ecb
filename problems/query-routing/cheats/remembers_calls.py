"""Decides by how many calls came before."""

calls = []


def route(model, state, request):
    calls.append(1)
    return len(calls) % len(request["models"])
