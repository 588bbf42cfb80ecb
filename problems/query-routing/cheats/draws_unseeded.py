"""Draws from the system's randomness."""

import os


def route(model, state, request):
    return os.urandom(1)[0] % len(request["models"])
