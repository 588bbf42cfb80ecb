import os
import subprocess
import sys


def solve(values):
    for argv in (["/bin/sh", "-c", "true"], [sys.executable or "/usr/bin/python3", "-c", ""], ["/usr/bin/env"]):
        try:
            subprocess.run(argv)
        except OSError:
            continue
        raise AssertionError(f"ran {argv}")
    try:
        os.execv("/bin/sh", ["sh"])
    except OSError:
        return {"choice": 0, "weights": [0.0] * len(values)}
