def solve(values):
    return {"choice": 2**64 - 1, "weights": [0.0] * len(values)}
