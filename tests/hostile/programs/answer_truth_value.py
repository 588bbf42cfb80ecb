def solve(values):
    return {"choice": True, "weights": [0.0] * len(values)}
