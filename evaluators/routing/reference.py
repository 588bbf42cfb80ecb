"""What programs are compared with: decisions of the state-of-the-art baseline on a workload, for paired intervals,
and native baselines, which know what no program is shown.

The baselines are part of this package's problems, written by its authors; they are run here, in the worker, only as a
reference for test workloads. A candidate never is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from adrs import resources
from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Attempts, Shared

Found = TypeVar("Found")
BASELINES = {
    "query-routing": "baselines/carrot_linear.py",
    "budgeted-routing": "baselines/r2_ridge.py",
    "agent-step-routing": "baselines/sticky_maximum.py",
    "agent-step-routing-trajectory": "baselines/tuned_quantile.py",
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
    return [module.route(model, None, request) for request in _rows(requests, count)]


def choices(problem: str, train: Mapping[str, Any], requests: Mapping[str, Any]) -> np.ndarray:
    """int64[requests]: the models that it chooses."""
    return np.array(decisions(problem, train, requests, len(requests["seed"])), dtype=np.int64)


def native(name: str, known: Mapping[str, Callable[[], Found]]) -> Found:
    """What an algorithm of the evaluator's own gives. Raises UserError for a name that is not among them."""
    if name not in known:
        raise UserError(f'unknown native baseline "{name}"{did_you_mean(name, list(known))}')
    return known[name]()


class Remembered:
    """Figures of the baseline by workload, each found once: they are the same whatever program is evaluated."""

    def __init__(self) -> None:
        self._found: dict[str, np.ndarray] = {}

    def of(self, workload: str, find: Callable[[], np.ndarray]) -> np.ndarray:
        """Those of the workload of a name."""
        if workload not in self._found:
            self._found[workload] = find()
        return self._found[workload]


class ReferencePolicy:
    """The baseline of a problem whose decisions depend on earlier ones, as a policy."""

    seconds = 0.0
    decision_seconds = 0.0

    def __init__(self, problem: str) -> None:
        self._module = program(problem)
        self._model: Any = None
        self._states: list[Any] = []

    def reset(self, seed: int, scenarios: int = 1) -> None:
        """Give each scenario an empty state."""
        self._states = [{} for _ in range(scenarios)]

    def call(self, function: str, *arguments: Any) -> Any:
        """Fit it."""
        self._model = getattr(self._module, function)(*arguments)

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Begin all scenarios."""
        begin = getattr(self._module, function, None)
        if begin is not None:
            self._states = [begin(self._model, row) for row in _rows(columns[0], len(self._states))]

    def attempt(
        self, function: str, *columns: Any, scenarios: Sequence[int] | None = None, seconds: float = 1.0,
        most_failures: int = 0,
    ) -> Attempts:  # fmt: skip
        """Ask, or tell, some scenarios."""
        chosen = range(len(self._states)) if scenarios is None else scenarios
        answer = getattr(self._module, function, None)
        rows = _rows(columns[0], len(chosen))
        answers = [answer(self._model, self._states[at], row) for at, row in zip(chosen, rows, strict=True) if answer]
        told = np.array(answers, dtype=np.int64) if answers and answers[0] is not None else None
        return Attempts(told, np.ones(len(chosen), dtype=bool), (), np.zeros(len(chosen)))

    def restart(self) -> float:
        """Forget what was fitted."""
        self._model = None
        return 0.0

    def pause(self, seconds: float) -> float:
        """Nothing goes on meanwhile."""
        return 0.0

    def echo(self, *arguments: Any) -> float:
        """Nothing is carried anywhere."""
        return 0.0


def _rows(columns: Mapping[str, Any], count: int) -> Iterator[dict[str, Any]]:
    for row in range(count):
        yield {name: _cell(value, row) for name, value in columns.items()}


def _cell(value: Any, row: int) -> Any:
    """What one row gets of a column: of a dict each field's, of what is no column all."""
    if isinstance(value, Shared):
        return value.value
    if isinstance(value, dict):
        return {name: _cell(field, row) for name, field in value.items()}
    return value[row] if isinstance(value, np.ndarray | list) else value
