def solve(values):
    return {"choice": 0, "weights": [float("nan")] * len(values)}
