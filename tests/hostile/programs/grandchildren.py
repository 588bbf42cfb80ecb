import os
import time


def solve(values):
    try:
        pid = os.fork()
    except OSError:
        return {"choice": 0, "weights": [0.0] * len(values)}
    if pid == 0:
        os.setsid()
        time.sleep(1000)
    raise AssertionError("left a child")
