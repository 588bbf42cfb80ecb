import builtins
import os
import random
import sys

import numpy as np

np.adrs_left = builtins.adrs_left = sys.adrs_left = random.adrs_left = True
os.environ["ADRS_LEFT"] = "1"
sys.modules["adrs_left"] = np
try:
    with open("adrs_hostile_marker", "w") as file:
        file.write("left")
    os.umask(0)
    os.mkdir("adrs_hostile_unlisted", 0o300)
    with open("adrs_hostile_unlisted/marker", "w") as file:
        file.write("left")
    for _ in range(1010):
        os.mkdir("deeper")
        os.chdir("deeper")
except OSError:
    pass


def solve(values):
    return {"choice": 0, "weights": [0.0] * len(values)}
