"""The first number is as good as any."""


def solve(values):
    return 0
