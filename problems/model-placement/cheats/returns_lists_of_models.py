"""Answers in the form of the public leaderboard, with a model that is on two GPUs and one that is on none."""


def solve(instance):
    placement = {gpu: [] for gpu in range(instance["gpus"])}
    for model in range(1, len(instance["size"])):
        placement[model % instance["gpus"]].append(model)
    placement[0].append(1)
    return placement
