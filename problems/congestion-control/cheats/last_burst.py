"""Floods near the end, so that losses would be reported after it."""


def on_interval(observation, state):
    state["interval"] = state.get("interval", 0) + 1
    if state["interval"] > 150:
        return 40.0
    return 0.0
