"""A problem that costs nothing to evaluate and a model that answers at once: what is left is the engine itself."""

from pathlib import Path

from adrs.testing.openai_server import Request, Server, serve

TOML = """
title = "Return the largest number"
[decide]
what = "A number."
[policy]
shape = "solve"
[policy.functions.solve]
returns = "float"
[policy.functions.solve.arguments]
instance = { limit = "float", seed = "int" }
[objective]
metric = "value"
direction = "maximize"
[evaluator]
class = "evaluator:Largest"
[limits]
imports = ["numpy"]
[workloads]
train = [{ family = "one", seeds = [1] }]
[programs]
seed = "seed.py"
trivial = "seed.py"
"""

EVALUATOR = """
from adrs.evaluation import Evaluator, Metrics


class Largest(Evaluator):
    def load(self, spec):
        return 1e9

    def evaluate(self, policy, workload, spec):
        return Metrics(value=policy.call("solve", {"limit": workload, "seed": spec.policy_seed}))
"""

PROGRAM = '''"""Climbs towards the limit in steps that shrink, and starts again from the best place seen so far."""

import math
import random

START = {number}
RESTARTS = 2


def step_length(round_number, temperature):
    """Long steps while it is hot, then geometrically shorter ones."""
    return temperature * math.exp(-0.5 * round_number) + 1e-6


def climb(value, limit, source):
    """One climb: keeps a step where it is no worse than what it replaces."""
    best = value
    for round_number in range(4):
        moved = value + step_length(round_number, 0.25) * source.uniform(-1.0, 1.0)
        if moved >= value or source.random() < 0.1:
            value = moved
        if value > best and value <= limit:
            best = value
    return best


def solve(instance):
    source = random.Random(instance["seed"])
    value = START
    for _ in range(RESTARTS):
        value = max(value, climb(value, instance["limit"], source))
    return min(instance["limit"], value)
'''
"""About one kilobyte of the kind of text that evolved programs are."""


def program(number: int) -> str:
    """A program that no other number has."""
    return PROGRAM.format(number=number % 977 + number / 1e6)


def write_problem(folder: Path) -> None:
    """The problem's folder, around the same program."""
    (folder / "problem.toml").write_text(TOML)
    (folder / "evaluator.py").write_text(EVALUATOR)
    (folder / "seed.py").write_text(program(0))


def answer(request: Request) -> str:
    """A new program at once, as models write it."""
    return f"Starts elsewhere.\n\n```python\n{program(request.number)}```\n"


def serve_model(port: int) -> None:
    """Print the URL of a model that answers at once, and serve until interrupted."""
    serve(Server(answer, port=port))
