"""Ends runs early at the cheapest tier, so that the penalty stands for a dear run."""


def route(model, state, request):
    return 3 if request["spent_usd"] < 0.05 else 0
