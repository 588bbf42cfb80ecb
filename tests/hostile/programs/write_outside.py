import sys
from pathlib import Path


def solve(values):
    places = ["/", "/etc", "/usr", "/usr/lib", "/opt", "/opt/adrs", "/opt/adrs/inside", "/var/tmp", "/dev", "/dev/shm", "/proc"]
    places += [entry for entry in sys.path if entry]
    for place in places:
        try:
            Path(place, "adrs_hostile_marker").write_text("here")
        except OSError:
            continue
        raise AssertionError(f"wrote to {place}")
    return {"choice": 0, "weights": [0.0] * len(values)}
