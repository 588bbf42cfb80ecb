def solve(values):
    total = 0
    try:
        for number in range(100):
            with open(f"adrs_hostile_marker{number}", "wb", buffering=0) as file:
                for _ in range(64):
                    total += file.write(bytes(1 << 16))
    except OSError:
        pass
    if total > 3 << 20:
        raise AssertionError(f"wrote {total} bytes")
    return {"choice": 0, "weights": [0.0] * len(values)}
