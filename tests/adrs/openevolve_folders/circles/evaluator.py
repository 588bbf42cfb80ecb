"""Scores packings of circles in a unit square; the program runs in a process of its own."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from openevolve.evaluation_result import EvaluationResult

RUNNER = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("program", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
centres, radii = module.pack()
json.dump({"centres": [list(map(float, c)) for c in centres], "radii": list(map(float, radii))}, open(sys.argv[2], "w"))
"""
LIMIT = 4
COUNT = 9


def broken(centres, radii):
    if centres.shape != (COUNT, 2) or radii.shape != (COUNT,) or not np.isfinite(radii).all():
        return "wrong shape"
    if (radii < 0).any() or (np.abs(centres - 0.5) + radii[:, None] > 0.5 + 1e-9).any():
        return "a circle leaves the square"
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2) - radii[:, None] - radii[None]
    if (gaps[~np.eye(COUNT, dtype=bool)] < -1e-9).any():
        return "two circles overlap"
    return ""


def evaluate(program_path):
    with tempfile.TemporaryDirectory() as folder:
        runner, answer = Path(folder, "runner.py"), Path(folder, "answer.json")
        runner.write_text(RUNNER)
        command = [sys.executable, str(runner), program_path, str(answer)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return EvaluationResult(metrics={"sum_of_radii": 0.0, "valid": 0.0}, artifacts={"failure": "too slow"})
        if done.returncode:
            return EvaluationResult(
                {"sum_of_radii": 0.0, "valid": 0.0}, {"stderr": done.stderr, "code": done.returncode}
            )
        packing = json.loads(answer.read_text())
    centres, radii = np.array(packing["centres"]), np.array(packing["radii"])
    wrong = broken(centres, radii)
    total = 0.0 if wrong else np.float32(radii.sum())
    return EvaluationResult(
        metrics={"sum_of_radii": total, "valid": float(not wrong), "note": wrong or "fine", "area": float("nan")},
        artifacts={"layout": {"centres": centres.tolist()}, "log": b"\x1b[31mred\xff", "stdout": done.stdout},
    )
