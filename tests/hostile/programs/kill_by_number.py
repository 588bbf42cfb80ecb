import os
import signal


def solve(values):
    reached = []
    for pid in range(2, 3000):
        if pid == os.getpid():
            continue
        try:
            os.kill(pid, 0)
            reached.append(pid)
        except OSError:
            continue
    if reached:
        raise AssertionError(f"reached {reached[:5]}")
    return {"choice": 0, "weights": [0.0] * len(values)}
