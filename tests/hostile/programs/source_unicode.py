# ‮ reversed ⁦ isolates ﻿ and a byte order mark


def ſolve(values):  # normalised to solve
    𝒷est = 0  # a mathematical letter
    return {"choice": best, "weights": [0.0] * len(values)}
