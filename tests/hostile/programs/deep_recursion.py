def solve(values):
    return solve(values)
