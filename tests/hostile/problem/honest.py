"""What an honest program does: ordinary numpy, a little of the standard library, a file in the scratch folder.

Some of it is imported only when it is used: a sandbox too tight for that would make good programs look bad.
"""

import json
import random
import tempfile
from collections import Counter
from dataclasses import dataclass

import numpy as np


@dataclass
class Seen:
    index: int
    value: float


def solve(values):
    best = max((Seen(index, float(value)) for index, value in enumerate(values)), key=lambda seen: seen.value)
    with tempfile.TemporaryFile("w+") as file:
        json.dump({"index": best.index, "draw": random.random()}, file)
        file.seek(0)
        best.index = json.load(file)["index"]
    draws = np.random.default_rng(1).normal(size=len(values))
    matrix = np.outer(draws, draws) + np.eye(len(values))
    weights = np.clip(np.linalg.solve(matrix, values), -1, 1)
    Counter(np.sign(np.fft.rfft(weights).real).tolist())
    import decimal
    import statistics
    from functools import lru_cache

    smooth = np.polynomial.Polynomial.fit(np.arange(len(values)), values, 3)(np.arange(len(values)))
    masked = np.ma.masked_less(smooth, statistics.median(values.tolist()))
    weights = np.clip(weights + 1e-3 * masked.filled(0.0) + float(decimal.Decimal("0.001")), -1, 1)
    lru_cache(maxsize=None)(np.testing.assert_allclose)(1.0, 1.0)
    print("chosen", best.index)
    return {"choice": best.index, "weights": weights}
