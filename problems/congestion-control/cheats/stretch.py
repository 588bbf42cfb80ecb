"""Fills the queue early so that intervals grow, then coasts: would win a mean over intervals."""


def on_interval(observation, state):
    state["interval"] = state.get("interval", 0) + 1
    if state["interval"] <= 12:
        return 40.0
    return -40.0 if state["interval"] <= 16 else 0.0
