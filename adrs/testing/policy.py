"""A policy in the same process, without any isolation: to test evaluators with programs that you wrote yourself."""

import random
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from adrs.evaluate.attempts import read_attempts
from adrs.evaluate.calls import function_called
from adrs.evaluate.harness import PolicyFailure
from adrs.evaluate.rows import Rows, checked
from adrs.evaluation import Attempts, Invalid
from adrs.interface import FunctionType, Sizes, bind, listed
from adrs.problem import Problem
from adrs.sandbox.inside import child, wire
from adrs.sandbox.inside.spread import spread, stack


class InProcessPolicy:
    """Runs trusted source here. What crosses and how it is checked is as it really is; nothing else is protected."""

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
        sizes: Sizes = {}
        for name, value in zip(kind.crossing, arguments, strict=True):
            bind(kind.arguments[name], value, sizes, name)
        sent = [listed(kind.arguments[name], value) for name, value in zip(kind.crossing, arguments, strict=True)]
        answer = self._run(kind, _crossed(sent), 0)
        if kind.keeps or (kind.optional and answer is None):
            return None
        return checked(kind.returns, _answered(function, answer), sizes, function)

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Call one function once per scenario."""
        chosen = range(len(self._states)) if scenarios is None else [int(scenario) for scenario in scenarios]
        rows = Rows(function_called(self._functions, function, columns), columns, len(chosen))
        answers = [self._run(rows.kind, *asked) for asked in zip(_calls(rows), chosen, strict=True)]
        if rows.kind.optional and self._module.get(function) is None:
            return None
        return None if rows.kind.keeps else rows.check(_answered(function, stack(answers)))

    def attempt(
        self,
        function: str,
        *columns: Any,
        scenarios: Sequence[int] | None = None,
        seconds: float = 1.0,
        most_failures: int = 0,
    ) -> Attempts:
        """Call one function once per scenario where single calls may fail; here nothing stops one that hangs."""
        chosen = range(len(self._states)) if scenarios is None else [int(scenario) for scenario in scenarios]
        rows = Rows(function_called(self._functions, function, columns), columns, len(chosen))
        answers: list[Any] = []
        failures: list[Any] = []
        times: list[float] = []
        for row, asked in enumerate(zip(_calls(rows), chosen, strict=True)):
            started = time.thread_time()
            try:
                answers.append(child.plain(self._run(rows.kind, *asked)))
            except PolicyFailure as failure:
                failures.append([row, "error", failure.reason])
            except wire.Unsendable as unsendable:
                raise Invalid("type", f"{function} returned {unsendable.what}") from None
            times.append(time.thread_time() - started)
            if len(failures) > most_failures:
                break
        return read_attempts(rows, [_answered(function, stack(answers)), failures, np.array(times)], most_failures)

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

    def _run(self, kind: FunctionType, arguments: Sequence[Any], scenario: int) -> Any:
        self.seconds = 0.0
        call = self._module.get(kind.name)
        if call is None and kind.optional:
            return None
        sent = iter(arguments)
        kept = {"state": self._states[scenario], "model": self._model}
        values = [kept[role] if role else next(sent) for role in kind.roles()["arguments"]]
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


def _calls(rows: Rows) -> Iterable[Sequence[Any]]:
    """The arguments of each call."""
    columns = [spread(column, rows.count) for column in _crossed(rows.sent)]
    return zip(*columns, strict=True) if columns else [()] * rows.count


def _crossed(value: Any) -> Any:
    """What arrives of a value on the other side."""
    return wire.unpack(wire.pack(wire.compact(value))[wire.HEADER.size :])


def _answered(function: str, answer: Any) -> Any:
    """What arrives of an answer. Raises Invalid for what cannot cross."""
    try:
        return _crossed(answer)
    except wire.Unsendable as unsendable:
        raise Invalid(unsendable.rule, f"{function} returned {unsendable.what}") from None
