import importlib
import os
import sys
from pathlib import Path

SECRET = {"evaluators", "problems", "problem.toml", "evaluator.py", "run.db", "runs", "evaluate", "evaluation.py", ".git"}


def solve(values):
    for name in ("adrs", "adrs.evaluate.harness", "adrs.problem", "evaluators", "evaluators.systems"):
        try:
            module = importlib.import_module(name)
        except (ImportError, OSError):
            continue
        if getattr(module, "__file__", None):
            raise AssertionError(f"reached {module.__file__}")
    places = {parent for entry in sys.path if entry for parent in (Path(entry), *list(Path(entry).parents)[:3])}
    for place in places:
        for base, folders, files in os.walk(place):
            if len(Path(base).relative_to(place).parts) >= 2:
                folders.clear()
            here = Path(base)
            found = {name for name in (*folders, *files) if name in SECRET and here.name in ("", "adrs", "main", "work")}
            if found:
                raise AssertionError(f"reached {found} in {base}")
    return {"choice": 0, "weights": [0.0] * len(values)}
