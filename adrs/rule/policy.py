"""A rule in the place of a program: evaluators ask it as they ask any policy, with no sandbox, since it is data."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from adrs.evaluation import Attempts, Evaluator, Invalid, Metrics, WorkloadSpec
from adrs.rule.form import Inputs, Rule
from adrs.rule.interpret import Floats, Interpreter


class HistoryPolicy(ABC):
    """Implements adrs.evaluation.Policy for problems whose function takes the history as one row, the newest last."""

    def __init__(self, inputs: Inputs, function: str) -> None:
        """`function` is the one that the policy stands for."""
        self.seconds = 0.0
        self.decision_seconds = 0.0
        self._inputs, self._function = inputs, function

    @abstractmethod
    def decide(self, history: Floats, scenarios: Sequence[int]) -> Floats:
        """Answers float64[rows] for raw histories float64[rows, window, features] of these scenarios."""

    @abstractmethod
    def forget(self, scenarios: int) -> None:
        """Begin anew, with so many scenarios."""

    def call(self, function: str, *arguments: Any) -> Any:
        """The answer for the first scenario."""
        return float(self.map(function, *(np.asarray(argument)[None] for argument in arguments))[0])

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Answers float64[scenarios] for one column float64[scenarios, window x features].

        Raises Invalid where one is not finite.
        """
        if function != self._function:
            raise ValueError(f"the policy stands for {self._function}, not for {function}")
        (rows,) = columns
        raw = np.asarray(rows, dtype=np.float64)
        history = raw.reshape(len(raw), self._inputs.window, len(self._inputs.features))
        answers = self.decide(history, range(len(raw)) if scenarios is None else scenarios)
        if not np.isfinite(answers).all():
            raise Invalid("finite", f"{function} is not finite for {history[~np.isfinite(answers)][0, -1].tolist()}")
        return answers

    def attempt(
        self,
        function: str,
        *columns: Any,
        scenarios: Sequence[int] | None = None,
        seconds: float = 1.0,
        most_failures: int = 0,
    ) -> Attempts:
        """As `map`; no call fails."""
        answers = self.map(function, *columns, scenarios=scenarios)
        return Attempts(answers, np.ones(len(answers), dtype=bool), (), np.zeros(len(answers)))

    def reset(self, seed: int, scenarios: int = 1) -> None:
        """Forget the states of all scenarios; nothing is drawn."""
        self.forget(scenarios)

    def restart(self) -> float:
        """Nothing runs elsewhere."""
        return 0.0

    def pause(self, seconds: float) -> float:
        """Nothing runs elsewhere."""
        return 0.0

    def echo(self, *arguments: Any) -> float:
        """Nothing crosses."""
        return 0.0


class RulePolicy(HistoryPolicy):
    """Decides by a rule."""

    def __init__(self, rule: Rule, function: str) -> None:
        super().__init__(rule.inputs, function)
        self._rule = rule
        self._interpreter = Interpreter(rule)

    def decide(self, history: Floats, scenarios: Sequence[int]) -> Floats:
        """See Interpreter."""
        return self._interpreter.decide(history, scenarios)

    def forget(self, scenarios: int) -> None:
        """States of branches begin anew."""
        self._interpreter = Interpreter(self._rule, scenarios)


@runtime_checkable
class RuleEvaluator(Protocol):
    """An evaluator that runs rules within its own compiled simulator, to the same decisions as `RulePolicy`."""

    def evaluate_rule(self, rule: Rule, workload: Any, spec: WorkloadSpec) -> Metrics:
        """Metrics of a rule on a workload."""


def evaluate_rule(evaluator: Evaluator[Any], rule: Rule, function: str, workload: Any, spec: WorkloadSpec) -> Metrics:
    """Metrics of a rule that stands for the policy's `function`, by the fastest way the evaluator has."""
    if isinstance(evaluator, RuleEvaluator):
        return evaluator.evaluate_rule(rule, workload, spec)
    policy = RulePolicy(rule, function)
    policy.reset(spec.policy_seed)
    return evaluator.evaluate(policy, workload, spec)
