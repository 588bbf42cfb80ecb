def solve(values):
    nested = []
    for _ in range(1000):
        nested = [nested]
    return {"choice": 0, "weights": nested}
