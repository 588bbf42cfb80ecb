import builtins
import os
import random
import sys

import numpy as np


def solve(values):
    for place in (np, builtins, sys, random):
        if hasattr(place, "adrs_left"):
            raise AssertionError(f"found state in {place}")
    if "ADRS_LEFT" in os.environ or "adrs_left" in sys.modules or os.path.exists("adrs_hostile_marker"):
        raise AssertionError("found state")
    try:
        seen = os.listdir("..")
    except OSError:
        seen = []
    if any(name.isdigit() for name in seen):
        raise AssertionError("can look into the folders of other processes")
    here = os.path.basename(os.getcwd())
    for number in range(int(here) if here.isdigit() else 0):
        if os.path.exists(f"../{number}/adrs_hostile_unlisted"):
            raise AssertionError(f"found a folder of process {number}")
    return {"choice": 0, "weights": [0.0] * len(values)}
