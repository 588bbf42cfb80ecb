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
    return {"choice": 0, "weights": [0.0] * len(values)}
