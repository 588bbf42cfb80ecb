"""Decides by what happened in other episodes."""

calls = []


def route(model, state, request):
    calls.append(1)
    return 3 if len(calls) % 3 else 2
