"""Decisions of the state-of-the-art baseline on a workload, for paired intervals.

The baselines are part of this package's problems, written by its authors; they are run here, in the worker, only as a
reference for test workloads. A candidate never is.
"""

from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from adrs import resources
from adrs.evaluation import Shared

BASELINES = {
    "query-routing": "baselines/carrot_linear.py",
    "budgeted-routing": "baselines/r2_ridge.py",
}


@cache
def program(problem: str) -> ModuleType:
    """The module of a problem's state-of-the-art baseline."""
    path = resources.folder("problems") / problem / BASELINES[problem]
    module = ModuleType(f"_reference_{problem.replace('-', '_')}")
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    return module


def decisions(problem: str, train: Mapping[str, Any], requests: Mapping[str, Any], count: int) -> list[Any]:
    """Its answer to each of `count` requests."""
    module = program(problem)
    model = module.fit(dict(train))
    fixed = {name: value.value for name, value in requests.items() if isinstance(value, Shared)}
    varying = {name: value for name, value in requests.items() if name not in fixed}
    rows = ({**fixed, **{name: value[row] for name, value in varying.items()}} for row in range(count))
    return [module.route(model, None, request) for request in rows]


def choices(problem: str, train: Mapping[str, Any], requests: Mapping[str, Any]) -> np.ndarray:
    """int64[requests]: the models that it chooses."""
    return np.array(decisions(problem, train, requests, len(requests["seed"])), dtype=np.int64)
