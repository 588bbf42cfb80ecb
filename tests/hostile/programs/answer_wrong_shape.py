def solve(values):
    return {"choice": 0, "weights": [0.0] * (len(values) - 1)}
