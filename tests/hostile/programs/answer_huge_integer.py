def solve(values):
    return {"choice": 2**1000, "weights": [0.0] * len(values)}
