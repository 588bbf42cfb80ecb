"""A policy in the same process, without any isolation: to test evaluators with programs that you wrote yourself."""

import copy
import random
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from adrs.evaluate.attempts import Asked
from adrs.evaluate.calls import check_length, function_called
from adrs.evaluate.harness import PolicyFailure
from adrs.evaluation import Attempts, Invalid
from adrs.interface import FunctionType, Sizes, ValueType, bind, check, listed
from adrs.problem import Problem
from adrs.sandbox.inside import child, wire
from adrs.sandbox.inside.spread import spread


class InProcessPolicy:
    """Runs trusted source here. Interface checks are the real ones; nothing else is protected."""

    def __init__(self, problem: Problem, source: str) -> None:
        self._functions = problem.functions
        self._source = source
        self._states: list[Any] = [{}]
        self._model: Any = None
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
        kind = function_called(self._functions, function, arguments)
        sizes = self._bind(kind, arguments)
        answer = self._run(kind, copy.deepcopy(arguments), 0)
        return None if kind.keeps else check(kind.returns, answer, sizes, function)

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Call one function once per scenario."""
        kind = function_called(self._functions, function, columns)
        sizes: Sizes = {}
        answers = []
        chosen = range(len(self._states)) if scenarios is None else scenarios
        for name, column in zip(kind.crossing, columns, strict=True):
            check_length(name, column, len(chosen))
        for index, scenario in enumerate(chosen):
            row = tuple(_scenario(column, index) for column in columns)
            sizes = self._bind(kind, row)
            answer = self._run(kind, copy.deepcopy(row), int(scenario))
            if not kind.keeps:
                answers.append(check(kind.returns, answer, sizes, function))
        if kind.keeps:
            return None
        if isinstance(kind.returns, ValueType):
            return np.array(answers)
        if isinstance(kind.returns, tuple):
            return tuple(np.array(column) for column in zip(*answers, strict=True))
        return {name: np.array([answer[name] for answer in answers]) for name in kind.returns}

    def attempt(
        self,
        function: str,
        *columns: Any,
        scenarios: Sequence[int] | None = None,
        seconds: float = 1.0,
        most_failures: int = 0,
    ) -> Attempts:
        """Call one function once per scenario where single calls may fail; here nothing stops one that hangs."""
        kind = function_called(self._functions, function, columns)
        chosen = list(range(len(self._states))) if scenarios is None else [int(scenario) for scenario in scenarios]
        asked = Asked(kind, columns, len(chosen))
        rows = zip(*(spread(column, len(chosen)) for column in asked.columns), strict=True)
        answers: list[Any] = []
        failures: list[Any] = []
        times: list[float] = []
        for row, arguments in enumerate(rows):
            try:
                answers.append(child.plain(self._run(kind, arguments, chosen[row])))
            except PolicyFailure as failure:
                failures.append([row, "error", failure.reason])
            except wire.Unsendable as unsendable:
                raise Invalid("type", f"{function} returned {unsendable.what}") from None
            times.append(self.seconds)
            if len(failures) > most_failures:
                break
        return asked.attempts([answers, failures, np.array(times)], check)

    def reset(self, seed: int, scenarios: int = 1) -> None:
        """Seed `random` and `numpy.random` as the sandbox does, and empty the states."""
        random.seed(seed)
        np.random.seed(seed % 2**32)
        self._states = [{} for _ in range(scenarios)]

    def restart(self) -> float:
        """Load the source again."""
        self._load()
        self._states = [{} for _ in self._states]
        self._model = None
        return 0.0

    def pause(self, seconds: float) -> float:
        """Nothing goes on meanwhile."""
        return 0.0

    def echo(self, *arguments: Any) -> float:
        """Nothing is carried anywhere."""
        return 0.0

    def _bind(self, kind: FunctionType, arguments: tuple[Any, ...]) -> Sizes:
        sizes: Sizes = {}
        for name, value in zip(kind.crossing, arguments, strict=True):
            bind(kind.arguments[name], value, sizes, name)
        return sizes

    def _run(self, kind: FunctionType, arguments: tuple[Any, ...], scenario: int) -> Any:
        self.seconds = 0.0
        call = self._module.get(kind.name)
        if call is None and kind.optional:
            return None
        sent = iter(arguments)
        kept = {"state": self._states[scenario], "model": self._model}
        roles = zip(kind.arguments.values(), kind.roles()["arguments"], strict=True)
        values = [kept[role] if role else listed(argument, next(sent)) for argument, role in roles]
        started = time.perf_counter()
        try:
            answer = self._module[kind.name](*values)
        except Exception as error:
            raise PolicyFailure("error", f"{type(error).__name__}: {error}") from error
        finally:
            self.seconds = time.perf_counter() - started
        if kind.keeps == "state":
            self._states[scenario] = answer
        elif kind.keeps == "model":
            self._model = answer
        return answer


def _scenario(column: Any, index: int) -> Any:
    if isinstance(column, dict):
        return {name: _scenario(value, index) for name, value in column.items()}
    value = column[index] if isinstance(column, np.ndarray | list) else column
    return value.item() if isinstance(value, np.generic) else value
