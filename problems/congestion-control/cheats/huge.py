"""An action beyond all bounds: it is cut to 40, and counted."""


def on_interval(observation, state):
    return 1e308
