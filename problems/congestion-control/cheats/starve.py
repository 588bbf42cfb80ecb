"""Always slower: no delay, no loss, every reading at rest."""


def on_interval(observation, state):
    return -40.0
