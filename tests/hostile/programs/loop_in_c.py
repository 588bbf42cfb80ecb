def solve(values):
    return {"choice": pow(3, 10**9) % 2, "weights": [0.0] * len(values)}
