"""Runs a program written for the ADRS leaderboard (UCB-ADRS/ADRS-Leaderboard, problem prism) as a policy.

PUBLISHED is replaced by the text of such a program, and the whole is an ordinary candidate: it runs in the sandbox
and is trusted with nothing. The program defines `compute_model_placement(gpu_num, models)`, which returns a list of
model objects for each GPU. A model that it left out, placed twice or put on no GPU of the instance is on GPU -1, and
all of them are where a list holds anything but the models that it was given.
"""

import sys
from dataclasses import dataclass
from types import ModuleType

import numpy as np

PUBLISHED = ""

NOWHERE = -1


@dataclass
class Model:
    """A model as leaderboard programs know it."""

    model_name: str
    model_size: float
    req_rate: float
    slo: float
    cur_gpu_id: int


def load():
    """The published program as a module. It may import `Model` and `GPU_MEM_SIZE` from a module named `evaluator`."""
    evaluator = ModuleType("evaluator")
    evaluator.Model, evaluator.GPU_MEM_SIZE = Model, 80
    program = ModuleType("published")
    sys.modules.update(evaluator=evaluator, published=program)
    exec(compile(PUBLISHED, "published.py", "exec"), program.__dict__)
    return program


program = load()


def solve(instance):
    columns = zip(whole(instance["size"]), whole(instance["request_rate"]), whole(instance["slo"]), strict=True)
    models = [Model(f"model_{number}", *fields, number) for number, fields in enumerate(columns)]
    number_of = {id(model): number for number, model in enumerate(models)}
    answer = program.compute_model_placement(gpu_num=instance["gpus"], models=list(models))
    placement = np.full(len(models), NOWHERE)
    seen = set()
    for gpu, placed in answer.items():
        for model in placed:
            number = number_of.get(id(model))
            if number is None:
                return np.full(len(models), NOWHERE)
            known = isinstance(gpu, int | np.integer) and 0 <= gpu < instance["gpus"] and number not in seen
            placement[number] = gpu if known else NOWHERE
            seen.add(number)
    return placement


def whole(values):
    """Numbers as the public evaluator has them: int where that loses nothing."""
    return [int(value) if value == int(value) else value for value in values.tolist()]
