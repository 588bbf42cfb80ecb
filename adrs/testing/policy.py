"""A policy in the same process, without any isolation: to test evaluators with programs that you wrote yourself."""

import copy
import random
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from adrs.evaluate.harness import PolicyFailure
from adrs.interface import FunctionType, Sizes, ValueType, bind, check, plain
from adrs.problem import Problem


class InProcessPolicy:
    """Runs trusted source here. Interface checks are the real ones; nothing else is protected."""

    def __init__(self, problem: Problem, source: str) -> None:
        self._functions = problem.functions
        self._source = source
        self._states: list[dict[str, Any]] = [{}]
        self.seconds = 0.0
        self.decision_seconds = problem.limits.decision_seconds
        self._load()

    def _load(self) -> None:
        self._module: dict[str, Any] = {"__name__": "program"}
        try:
            exec(compile(self._source, "program.py", "exec"), self._module)
        except Exception as error:
            raise PolicyFailure("error", f"{type(error).__name__}: {error}") from error

    def call(self, function: str, *arguments: Any) -> Any:
        """Call one function once, with copies of its arguments."""
        kind = self._functions[function]
        sizes = self._bind(kind, arguments)
        return check(kind.returns, self._run(kind, copy.deepcopy(arguments), self._states[0]), sizes, function)

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Call one function once per scenario."""
        kind = self._functions[function]
        sizes: Sizes = {}
        answers = []
        numbers = range(len(self._states)) if scenarios is None else scenarios
        for index, state in enumerate(self._states[number] for number in numbers):
            row = tuple(_scenario(column, index) for column in columns)
            sizes = self._bind(kind, row)
            answers.append(check(kind.returns, self._run(kind, copy.deepcopy(row), state), sizes, function))
        if isinstance(kind.returns, ValueType):
            return np.array(answers)
        return {name: np.array([answer[name] for answer in answers]) for name in kind.returns}

    def reset(self, seed: int, scenarios: int = 1) -> None:
        """Seed `random` and `numpy.random` as the sandbox does, and empty the states."""
        random.seed(seed)
        np.random.seed(seed % 2**32)
        self._states = [{} for _ in range(scenarios)]

    def restart(self) -> float:
        """Load the source again."""
        self._load()
        self._states = [{}]
        return 0.0

    def echo(self, *arguments: Any) -> float:
        """Nothing is carried anywhere."""
        return 0.0

    def _bind(self, kind: FunctionType, arguments: tuple[Any, ...]) -> Sizes:
        sizes: Sizes = {}
        for name, value in zip(kind.crossing, arguments, strict=True):
            bind(kind.arguments[name], value, sizes, name)
        return sizes

    def _run(self, kind: FunctionType, arguments: tuple[Any, ...], state: dict[str, Any]) -> Any:
        sent = iter(arguments)
        values = [
            state if name not in kind.crossing else plain(argument, next(sent))
            for name, argument in kind.arguments.items()
        ]
        started = time.perf_counter()
        try:
            return self._module[kind.name](*values)
        except Exception as error:
            raise PolicyFailure("error", f"{type(error).__name__}: {error}") from error
        finally:
            self.seconds = time.perf_counter() - started


def _scenario(column: Any, index: int) -> Any:
    if isinstance(column, dict):
        return {name: _scenario(value, index) for name, value in column.items()}
    value = column[index] if isinstance(column, np.ndarray | list) else column
    return value.item() if isinstance(value, np.generic) else value
