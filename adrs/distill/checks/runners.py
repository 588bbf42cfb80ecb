"""Rules that decide interval by interval from features alone: the interpreter and the exports behind one seam."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from adrs.rule.form import Rule
from adrs.rule.interpret import Interpreter

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Runner(Protocol):
    """Something that runs a rule and keeps the histories of scenarios itself."""

    def reset(self, scenarios: int) -> None:
        """So many scenarios, all at their start."""

    def decide(self, features: Floats, scenarios: Any) -> tuple[Floats, Ints]:
        """Answers float64[rows] to features float64[rows, features], one row for each of the scenarios.

        With them come the branches of those scenarios, int64[rows, branches, 2]: side and intervals waited.
        """


class Interpreted:
    """The reference, with the histories of its scenarios."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.reset(1)

    def reset(self, scenarios: int) -> None:
        """Fill the histories with rest."""
        resting = [feature.rest for feature in self.rule.inputs.features]
        self.histories = np.tile(np.array(resting), (scenarios, self.rule.inputs.window, 1))
        """float64[scenarios, window, features], raw."""
        self._interpreter = Interpreter(self.rule, scenarios)

    def decide(self, features: Floats, scenarios: Any) -> tuple[Floats, Ints]:
        """See Runner."""
        asked = np.asarray(scenarios, dtype=np.int64)
        self.histories[asked, :-1] = self.histories[asked, 1:]
        self.histories[asked, -1] = features
        answers = self._interpreter.decide(self.histories[asked], asked)
        return answers, self._interpreter.branches[asked]


class PythonRule:
    """rule.py, run here: its text is made from the rule's tree and holds nothing of a candidate."""

    def __init__(self, rule: Rule, source: str) -> None:
        self._splits = len(rule.splits)
        self._module: dict[str, Any] = {"__name__": "rule"}
        exec(compile(source, "rule.py", "exec"), self._module)
        self.reset(1)

    def reset(self, scenarios: int) -> None:
        """Make new objects."""
        self._rules = [self._module["Rule"]() for _ in range(scenarios)]

    def decide(self, features: Floats, scenarios: Any) -> tuple[Floats, Ints]:
        """See Runner; an exception of the arithmetic is NaN."""
        answers = []
        sides = np.zeros((len(features), self._splits, 2), dtype=np.int64)
        for place, (scenario, row) in enumerate(zip(np.asarray(scenarios).tolist(), features.tolist(), strict=True)):
            rule = self._rules[scenario]
            try:
                answers.append(float(rule.decide(row)))
            except (ArithmeticError, ValueError):
                answers.append(float("nan"))
            if self._splits:
                sides[place] = [(branch.above, branch.waited) for branch in rule.branches]
        return np.array(answers), sides
