HOARD = []


def solve(values):
    while True:
        HOARD.append("x" * (1000 + len(HOARD) % 100))
