"""Always the tier whose call costs least: legal, since cold prompts are cheapest at mid_high."""


def route(model, state, request):
    prices, cached = request["prices"], request["cache"]["cached_tokens"]
    cost = cached * prices[:, 1] + (request["prompt_tokens"] - cached) * prices[:, 2]
    return int(cost.argmin())
