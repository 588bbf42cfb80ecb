import time


def solve(values):
    time.sleep(10_000)
    return {"choice": 0, "weights": [0.0] * len(values)}
