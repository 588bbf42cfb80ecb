# EVOLVE-BLOCK-END
# EVOLVE-BLOCK-START
# EVOLVE-BLOCK-START


def solve(values):
    return {"choice": 0, "weights": [0.0] * len(values)}
