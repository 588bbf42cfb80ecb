"""A rule in the place of a program: evaluators ask it as they ask any policy, with no sandbox, since it is data."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from adrs.evaluation import Attempts, Evaluator, Metrics, WorkloadSpec
from adrs.rule.form import Rule
from adrs.rule.interpret import Interpreter


class RulePolicy:
    """Implements adrs.evaluation.Policy for problems whose function takes the history as one row, the newest last."""

    def __init__(self, rule: Rule, function: str) -> None:
        """`function` is the one that the rule stands for."""
        self.seconds = 0.0
        self.decision_seconds = 0.0
        self._rule, self._function = rule, function
        self._interpreter = Interpreter(rule)

    def call(self, function: str, *arguments: Any) -> Any:
        """The answer for the first scenario."""
        return float(self.map(function, *(np.asarray(argument)[None] for argument in arguments))[0])

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Answers float64[scenarios] for one column float64[scenarios, window x features]."""
        if function != self._function:
            raise ValueError(f"the rule stands for {self._function}, not for {function}")
        (rows,) = columns
        raw = np.asarray(rows, dtype=np.float64)
        inputs = self._rule.inputs
        history = raw.reshape(len(raw), inputs.window, len(inputs.features))
        return self._interpreter.decide(history, range(len(raw)) if scenarios is None else scenarios)

    def attempt(
        self,
        function: str,
        *columns: Any,
        scenarios: Sequence[int] | None = None,
        seconds: float = 1.0,
        most_failures: int = 0,
    ) -> Attempts:
        """As `map`; a rule does not fail."""
        answers = self.map(function, *columns, scenarios=scenarios)
        return Attempts(answers, np.ones(len(answers), dtype=bool), (), np.zeros(len(answers)))

    def reset(self, seed: int, scenarios: int = 1) -> None:
        """Forget the states of all scenarios; a rule draws nothing."""
        self._interpreter = Interpreter(self._rule, scenarios)

    def restart(self) -> float:
        """Nothing runs elsewhere."""
        return 0.0

    def echo(self, *arguments: Any) -> float:
        """Nothing crosses."""
        return 0.0


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
