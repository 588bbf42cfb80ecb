import threading
import time


def solve(values):
    threading.stack_size(1 << 15)
    count = 0
    try:
        while count < 20_000:
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
            count += 1
    except RuntimeError:
        pass
    if count > 5_000:
        raise AssertionError(f"started {count} threads")
    return {"choice": 0, "weights": [0.0] * len(values)}
