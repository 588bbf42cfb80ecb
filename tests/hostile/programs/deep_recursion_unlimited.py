import sys


def solve(values):
    sys.setrecursionlimit(2**31 - 1)
    return solve(values)
