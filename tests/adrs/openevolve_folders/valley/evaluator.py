"""Scores a search for the lowest point of a valley: cheap runs first, more of them later."""

import concurrent.futures
import importlib.util
import json
import math
from pathlib import Path

import landscape

SETTINGS = json.loads((Path(__file__).parent / "data" / "settings.json").read_text())


def load(program_path):
    spec = importlib.util.spec_from_file_location("program", program_path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(program_path, runs):
    program = load(program_path)
    heights = []
    for seed in range(runs):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            x, y = pool.submit(program.search, seed).result(timeout=SETTINGS["seconds"])
        heights.append(landscape.height(float(x), float(y)))
    worst = max(heights)
    score = 1 / (1 + max(0.0, worst - landscape.LOWEST))
    return {"combined_score": score, "height": sum(heights) / runs, "runs": runs, "finished": True}


def evaluate_stage1(program_path):
    return measure(program_path, 1)


def evaluate_stage2(program_path):
    return measure(program_path, SETTINGS["runs"])


def evaluate(program_path):
    metrics = evaluate_stage2(program_path)
    assert math.isfinite(metrics["combined_score"])
    return metrics
