import os


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/adrs_hostile_marker",)


def solve(values):
    return {"choice": Bomb(), "weights": [0.0] * len(values)}
