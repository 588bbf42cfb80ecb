def solve(values):
    return {"choice": 0}
