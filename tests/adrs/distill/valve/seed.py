def valve(observation, state):
    return -0.5 * observation[-2]
