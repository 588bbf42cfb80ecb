"""Looks for names of data sets, splits and rows in the request; without any it chooses at random."""

NAMES = ("dataset", "benchmark", "domain", "category", "difficulty", "split", "sample_id", "global_index", "id")


def route(model, state, request):
    found = [request[name] for name in NAMES if name in request]
    return hash(str(found)) % 2 if found else request["seed"] % len(request["models"])
