"""Decides by the clock."""

import time


def route(model, state, request):
    return time.perf_counter_ns() // 1000 % len(request["models"])
