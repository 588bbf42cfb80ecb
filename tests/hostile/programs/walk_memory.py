import gc
import sys


def solve(values):
    frame = sys._getframe()
    while frame is not None:
        if {"workload", "evaluator", "policy", "metrics", "job"} & set(frame.f_locals):
            raise AssertionError(f"reached {frame.f_code.co_name}")
        frame = frame.f_back
    for found in gc.get_objects():
        if type(found).__name__ in ("Picking", "WorkloadSpec", "Problem", "Metrics", "Evaluation", "Job"):
            raise AssertionError(f"reached a {type(found).__name__}")
    if any(name.split(".")[0] in ("adrs", "evaluators") for name in sys.modules):
        raise AssertionError("the engine is loaded here")
    return {"choice": 0, "weights": [0.0] * len(values)}
