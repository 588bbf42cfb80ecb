"""Check (iv): in closed loop exports score as the interpreter does: Python in the sandbox, C in its own process."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adrs.distill.checks.record import Check
from adrs.distill.checks.runners import Runner
from adrs.evaluate.harness import Workloads, load_evaluator
from adrs.evaluation import Invalid, Metrics, WorkloadSpec
from adrs.problem import Problem
from adrs.program import Evaluation
from adrs.rule.form import Rule
from adrs.rule.policy import RulePolicy, evaluate_rule
from adrs.score import Scale

NAME = "closed loop"
EQUAL = 1e-9
HALF_A_POINT = 0.5
"""Of the score."""
_SHARE = 0.005
"""Of the metric, where there is no score."""


class CompiledPolicy(RulePolicy):
    """A runner in the place of a program: it is shown the newest interval alone and keeps the others."""

    def __init__(self, rule: Rule, function: str, runner: Runner) -> None:
        super().__init__(rule, function)
        self._features, self._named, self._runner = len(rule.inputs.features), function, runner

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Answers float64[scenarios] for one column float64[scenarios, window x features]."""
        if function != self._named:
            raise ValueError(f"the rule stands for {self._named}, not for {function}")
        rows = np.asarray(columns[0], dtype=np.float64)
        asked = range(len(rows)) if scenarios is None else scenarios
        return self._runner.decide(rows[:, -self._features :], asked)[0]

    def reset(self, seed: int, scenarios: int = 1) -> None:
        """All scenarios at their start; nothing is drawn."""
        self._runner.reset(scenarios)


@dataclass(frozen=True)
class Loop:
    """Workloads of a problem, and the interpreter's metrics on them."""

    problem: Problem
    rule: Rule
    specs: tuple[WorkloadSpec, ...]
    scale: Scale | None
    workloads: Workloads
    reference: Mapping[str, Metrics]
    """By workload."""

    @property
    def value(self) -> float:
        """The interpreter's primary metric."""
        return _value(self, self.reference)

    @property
    def function(self) -> str:
        """The one that the rule stands for."""
        assert self.problem.distillation is not None
        return self.problem.distillation.function


def closed_loop(problem: Problem, rule: Rule, specs: Sequence[WorkloadSpec], scale: Scale | None) -> Loop:
    """Run the interpreter on the workloads. Raises UserError where there is no evaluator."""
    evaluator = load_evaluator(problem)
    workloads = Workloads(evaluator)
    assert problem.distillation is not None
    function = problem.distillation.function
    reference = {spec.name: evaluate_rule(evaluator, rule, function, workloads.get(spec), spec) for spec in specs}
    return Loop(problem, rule, tuple(specs), scale, workloads, reference)


def compiled(loop: Loop, runner: Runner, target: str) -> Check:
    """A compiled rule, in a process of its own, on the workloads."""
    evaluator = load_evaluator(loop.problem)
    policy = CompiledPolicy(loop.rule, loop.function, runner)
    found = {}
    for spec in loop.specs:
        policy.reset(spec.policy_seed)
        try:
            found[spec.name] = evaluator.evaluate(policy, loop.workloads.get(spec), spec)
        except Invalid as invalid:
            return Check(NAME, False, f"{spec.name}: {invalid}", target=target)
    return _compared(loop, found, target)


def evaluated(loop: Loop, evaluation: Evaluation) -> Check:
    """rule.py, evaluated on the workloads in the sandbox as a candidate like any other."""
    if evaluation.verdict != "ok":
        return Check(NAME, False, f"{evaluation.verdict}: {evaluation.reason}", target="python")
    found = {}
    for result in evaluation.workloads:
        found[result.name] = Metrics()
        found[result.name].update(result.metrics)
    return _compared(loop, {spec.name: found[spec.name] for spec in loop.specs}, "python")


def _compared(loop: Loop, found: Mapping[str, Metrics], target: str) -> Check:
    metric = loop.problem.objective.workload_metric
    ours, theirs = _value(loop, found), loop.value
    said = f"{loop.problem.objective.metric} {ours!r}, the interpreter {theirs!r}, on {len(found)} workloads"
    if target == "fixed":
        points = None if loop.scale is None else abs(_score(loop.scale, ours) - _score(loop.scale, theirs))
        close = abs(ours - theirs) <= _SHARE * abs(theirs) if points is None else points <= HALF_A_POINT
        said += "" if points is None else f"; {points:.2g} points apart"
        return Check(NAME, close, said, target=target, value=ours)
    for name, metrics in found.items():
        expected = loop.reference[name][metric]
        if not math.isclose(metrics[metric], expected, rel_tol=EQUAL, abs_tol=EQUAL):
            return Check(
                NAME, False, f"{name}: {metric} {metrics[metric]!r}, the interpreter {expected!r}", target=target
            )
    return Check(NAME, math.isclose(ours, theirs, rel_tol=EQUAL, abs_tol=EQUAL), said, target=target, value=ours)


def _value(loop: Loop, found: Mapping[str, Metrics]) -> float:
    evaluator = load_evaluator(loop.problem)
    return evaluator.summarise([(spec, found[spec.name]) for spec in loop.specs])[loop.problem.objective.metric]


def _score(scale: Scale, value: float) -> float:
    found = scale.score(value)
    return 0.0 if found is None else found
