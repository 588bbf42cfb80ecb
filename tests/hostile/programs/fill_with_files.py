import os


def solve(values):
    made = 0
    try:
        for number in range(100_000):
            os.close(os.open(f"adrs_hostile_marker{number}", os.O_CREAT))
            made += 1
    except OSError:
        pass
    if made > 10_000:
        raise AssertionError(f"made {made} files")
    return {"choice": 0, "weights": [0.0] * len(values)}
