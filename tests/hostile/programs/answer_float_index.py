def solve(values):
    return {"choice": 1.0, "weights": [0.0] * len(values)}
