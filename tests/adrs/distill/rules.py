"""Rules to export, written as their JSON has them."""

from dataclasses import replace
from typing import Any

from adrs.problem import Problem, load
from adrs.rule.form import Constant, Leaf, Rule
from adrs.rule.plain import from_plain, plain

PROBLEM: Problem = load("congestion-control")
assert PROBLEM.distillation is not None
INPUTS = PROBLEM.distillation.inputs


def terminal(feature: str, reducer: str = "last") -> dict[str, str]:
    return {"feature": feature, "reducer": reducer}


GRADIENT, LATENCY, SENDING = (terminal(feature.identifier) for feature in INPUTS.features)


def rule(tree: Any, patience: int = 2, **inputs: Any) -> Rule:
    """Of congestion-control, or of its inputs with something else about them."""
    empty = Rule(replace(INPUTS, **inputs), Leaf(Constant(0.0)), patience)
    return from_plain({**plain(empty), "rule": tree})


def branch(test: Any, threshold: float, below: Any, above: Any) -> dict[str, Any]:
    return {"test": test, "threshold": threshold, "below": below, "above": above}


THREE_TERMS = rule(
    ["sub", 2.0, ["add", ["mul", 6.0, LATENCY], ["add", ["mul", 3.0, SENDING], ["mul", 10.0, GRADIENT]]]]
)
"""Of three ratios of the newest interval."""

_ROOT = ["sqrt", ["add", 0.5, ["abs", SENDING]]]
_ALL = [
    ["sub", 3.0, ["add", ["mul", 4.5, terminal("latency_ratio", "mean")],
                  ["mul", 20.0, terminal("latency_gradient", "slope")]]],
    ["add", ["mul", _ROOT, ["sub", _ROOT, 0.25]],
     ["neg", ["tanh", ["aq", LATENCY, terminal("latency_ratio", "minimum")]]]],
    ["max", ["exp", ["neg", terminal("latency_ratio", "previous")]],
     ["min", ["log", ["add", 2.5, SENDING]], ["div", GRADIENT, ["add", 3.0, ["b", ["add", 3.0, LATENCY]]]]]],
]  # fmt: skip
EVERYTHING = rule(branch(terminal("sending_ratio", "mean"), 0.05, _ALL[0],
                         branch(terminal("latency_ratio", "maximum"), 0.5, _ALL[1], _ALL[2])))  # fmt: skip
"""All operations and reducers, two branches."""
