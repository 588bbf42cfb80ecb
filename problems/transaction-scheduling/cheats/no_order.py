"""An order of nothing takes no time."""


def solve(instance):
    return []
