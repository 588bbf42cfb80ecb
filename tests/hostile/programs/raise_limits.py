import ctypes
import resource


def solve(values):
    for which in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
        soft, hard = resource.getrlimit(which)
        for limit in ((hard, hard + 1), (-1, -1)):
            try:
                resource.setrlimit(which, limit)
            except (OSError, ValueError):
                continue
            raise AssertionError(f"raised {which}")
    if ctypes.CDLL(None).prctl(1, 0, 0, 0, 0) == 0:
        raise AssertionError("dropped the death signal")
    return {"choice": 0, "weights": [0.0] * len(values)}
