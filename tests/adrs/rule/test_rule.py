"""Rules mean what their form says, survive JSON, and stand for a policy in an evaluation."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adrs.errors import UserError
from adrs.evaluate.harness import load_evaluator
from adrs.problem import load
from adrs.rule.file import read_rule, rule_text
from adrs.rule.form import (
    ARITY,
    REDUCERS,
    Constant,
    Expression,
    Feature,
    Inputs,
    Leaf,
    Operation,
    Rule,
    Split,
    Terminal,
)
from adrs.rule.interpret import Interpreter, bounded_logarithm
from adrs.rule.plain import from_plain, plain
from adrs.rule.policy import evaluate_rule
from adrs.testing.policy import InProcessPolicy

INPUTS = Inputs(
    features=(
        Feature("gradient", "gradient", "s/s", 0.0, -10.0, 10.0),
        Feature("ratio", "ratio", "1", 1.0, 0.5, 100.0, "bounded-logarithm"),
    ),
    window=4,
    low=-5.0,
    high=5.0,
)
LAST = Terminal(0, "last")


def expressions() -> st.SearchStrategy[Expression]:
    leaves: st.SearchStrategy[Expression] = st.one_of(
        st.floats(-100, 100, allow_nan=False).map(Constant),
        st.builds(Terminal, st.integers(0, 1), st.sampled_from(REDUCERS)),
    )

    def extend(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        return st.sampled_from(sorted(ARITY)).flatmap(
            lambda name: st.tuples(*[inner] * ARITY[name]).map(lambda arguments: Operation(name, arguments))
        )

    return st.recursive(leaves, extend, max_leaves=12)


def decide(rule: Rule, rows: list[list[float]]) -> list[float]:
    """Answers of one scenario, interval by interval, from rest."""
    interpreter = Interpreter(rule)
    history = np.array([[feature.rest for feature in rule.inputs.features]] * rule.inputs.window)
    answers = []
    for row in rows:
        history = np.vstack([history[1:], row])
        answers.append(float(interpreter.decide(history[None], [0])[0]))
    return answers


@given(expressions(), expressions(), st.floats(-3, 3))
def test_json_keeps_every_rule(below: Expression, above: Expression, threshold: float) -> None:
    rule = Rule(INPUTS, Split(Terminal(1, "mean"), threshold, Leaf(below), Leaf(above)))
    assert from_plain(json.loads(json.dumps(plain(rule)))) == rule


@pytest.mark.parametrize(
    ("reducer", "expected"), [("last", 4.0), ("previous", 2.0), ("mean", 2.0), ("slope", 1.0), ("minimum", 1.0)]
)
def test_reducers_of_a_history(reducer: str, expected: float) -> None:
    rule = Rule(INPUTS, Leaf(Terminal(0, reducer)))
    assert decide(rule, [[1.0, 1.0], [1.0, 1.0], [2.0, 1.0], [4.0, 1.0]])[-1] == pytest.approx(expected)


def test_ratios_enter_as_bounded_logarithms_and_answers_are_cut() -> None:
    assert decide(Rule(INPUTS, Leaf(Terminal(1, "last"))), [[0.0, 1.1]]) == [pytest.approx(2 * 0.1 / 2.1)]
    assert math.log(1.1) == pytest.approx(float(bounded_logarithm(np.array(1.1))), abs=1e-4)
    assert decide(Rule(INPUTS, Leaf(Constant(9.0))), [[0.0, 1.0]]) == [5.0]


def test_a_branch_changes_after_two_intervals_on_the_other_side_but_begins_at_once() -> None:
    rule = Rule(INPUTS, Split(LAST, 0.5, Leaf(Constant(-1.0)), Leaf(Constant(1.0))))
    rows = [[value, 1.0] for value in (1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0)]
    assert decide(rule, rows) == [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 1.0]
    assert decide(Rule(INPUTS, rule.root, patience=1), rows) == [1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rule": ["system", 1.0]}, "is no operation"),
        ({"rule": ["add", 1.0]}, "is no operation"),
        ({"rule": []}, "begins with an operation's name"),
        ({"rule": ["add", 1.0, {"test": {"feature": "ratio", "reducer": "last"}}]}, "branches stand above"),
        ({"rule": float("nan")}, "finite"),
        ({"rule": 10**400}, r"finite number, not 1000*\.\.\.$"),
        ({"rule": {"feature": "gradient", "reducer": "median"}}, "none of the reducers"),
        ({"window": 1, "rule": {"feature": "ratio", "reducer": "mean"}}, r"reducers last, .* \(window = 1\)"),
        ({"rule": {"feature": "bandwidth", "reducer": "last"}}, "no feature"),
        ({"rule": {"feature": "radio", "reducer": "last"}}, 'mean "ratio"'),
        ({"rule": {"feature": ["ratio"], "reducer": "last"}}, "no feature"),
        ({"version": 2}, "version"),
        ({"low": 5.0}, "less than"),
        ({"more": 1}, "exactly"),
        ({"window": True}, "whole number"),
    ],
)
def test_what_is_no_rule_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        from_plain({**plain(Rule(INPUTS, Leaf(LAST))), **change})


def test_a_rule_of_an_editor_that_marks_its_files_is_read(tmp_path: Path) -> None:
    rule = Rule(INPUTS, Leaf(LAST))
    (tmp_path / "rule.json").write_text(f"\ufeff{rule_text(rule)}")
    assert read_rule(tmp_path / "rule.json") == rule


def test_names_that_aim_at_an_export_are_refused() -> None:
    data = plain(Rule(INPUTS, Leaf(LAST)))
    data["features"] = [{**data["features"][0], "identifier": 'x"; system("id'}, data["features"][1]]
    with pytest.raises(UserError, match="identifier"):
        from_plain(data)


def test_a_deep_rule_is_refused() -> None:
    expression: object = 1.0
    for _ in range(80):
        expression = ["neg", expression]
    with pytest.raises(UserError, match="deeper"):
        from_plain({**plain(Rule(INPUTS, Leaf(LAST))), "rule": expression})


def test_a_rule_scores_as_the_same_policy_in_python() -> None:
    problem = load("congestion-control")
    assert problem.distillation is not None
    last = [Terminal(feature, "last") for feature in range(3)]
    pressure = Operation("add", (Operation("mul", (Constant(4.0), last[1])), last[0]))
    rule = Rule(problem.distillation.inputs, Leaf(Operation("sub", (Constant(1.0), pressure))))
    source = (
        "def on_interval(observation, state):\n"
        "    gradient, latency, _ = observation[-3:]\n"
        "    return 1.0 - (4.0 * (2.0 * (latency - 1.0) / (latency + 1.0)) + gradient)\n"
    )
    evaluator, spec = load_evaluator(problem), problem.workloads["train"][1]
    workload = evaluator.load(spec)
    expected = evaluator.evaluate(InProcessPolicy(problem, source), workload, spec)
    assert evaluate_rule(evaluator, rule, "on_interval", workload, spec) == pytest.approx(expected, abs=1e-12)
