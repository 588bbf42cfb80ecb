"""Rules inside the engine decide as the reference interpreter does."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numba import njit

from adrs import problem as problems
from adrs.errors import UserError
from adrs.evaluation import Invalid, WorkloadSpec
from adrs.rule.form import (
    ARITY,
    REDUCERS,
    Constant,
    Feature,
    Inputs,
    Leaf,
    Operation,
    Rule,
    Split,
    Terminal,
    subexpressions,
)
from adrs.rule.interpret import Interpreter, reduced, transformed, value
from adrs.rule.policy import RulePolicy
from evaluators.network import layout, rule_code, rule_machine
from evaluators.network.congestion_control import CongestionControl
from evaluators.network.layout import SECOND
from evaluators.network.memory import state_at
from evaluators.network.scenario import Flow, Scenario
from evaluators.network.simulation import Simulation

PROBLEM = problems.load("congestion-control")
INPUTS = PROBLEM.distillation.inputs
EXACT = ("add", "sub", "mul", "div", "min", "max", "aq", "neg", "abs", "sqrt", "b")
FLOW = Flow(layout.MONITOR, SECOND // 10, 1_000_000, 100_000, 10_000_000)
LINK = Scenario(((0, 1_000_000),), 30_000, SECOND, (FLOW, FLOW))


@njit
def _decide(address, index):
    return rule_machine.decide(state_at(address, 0), index)


def expressions(operations):
    leaves = st.one_of(
        st.floats(-100, 100, allow_nan=False).map(Constant),
        st.builds(Terminal, st.integers(0, 2), st.sampled_from(REDUCERS)),
    )

    def extend(inner):
        return st.sampled_from(sorted(operations)).flatmap(
            lambda name: st.tuples(*[inner] * ARITY[name]).map(lambda arguments: Operation(name, arguments))
        )

    return st.recursive(leaves, extend, max_leaves=12)


def rules(operations):
    leaf = expressions(operations).map(Leaf)
    split = st.builds(Split, st.builds(Terminal, st.integers(0, 2), st.sampled_from(REDUCERS)), st.floats(-2, 2),
                      leaf, leaf)  # fmt: skip
    node = st.one_of(leaf, split, st.builds(Split, st.just(Terminal(2, "mean")), st.floats(-1, 1), split, leaf))
    return st.builds(Rule, st.just(INPUTS), node, st.integers(1, 3))


ROW = st.tuples(st.floats(-1, 1), st.floats(1, 5), st.floats(0, 10)).map(list)
ROWS = st.lists(st.tuples(ROW, ROW), min_size=1, max_size=8)


def divides_by_zero(rule, raw):
    """The sign of a zero is nowhere defined, and with it that of what it divides."""
    history = transformed(INPUTS, raw)
    found = [each for leaf in rule.leaves for each in subexpressions(leaf.expression)]
    divisors = [each.arguments[1] for each in found if isinstance(each, Operation) and each.name == "div"]
    return any((value(each, lambda terminal: reduced(history, terminal), len(raw)) == 0).any() for each in divisors)


def answers(rule, rows):
    """Of the engine and of the interpreter, for two flows interval by interval."""
    simulation, reference = Simulation([LINK], rule_code.lower(rule, 2)), Interpreter(rule, 2)
    history = simulation.arrays.history
    found = []
    for row in rows:
        history[:, :-3] = history[:, 3:]
        history[:, -3:] = row
        engine = [_decide(simulation._address, index) for index in range(2)]
        assume(not divides_by_zero(rule, history.reshape(2, 10, 3)))
        found.append((engine, reference.decide(history.reshape(2, 10, 3), [0, 1]).tolist()))
    return np.array(found).transpose(1, 0, 2)


@settings(max_examples=80, deadline=None)
@given(rules(EXACT), ROWS)
def test_arithmetic_is_that_of_the_interpreter_to_the_last_bit(rule, rows):
    engine, reference = answers(rule, rows)
    np.testing.assert_array_equal(engine, reference)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["tanh", "log", "exp"]), expressions(EXACT), ROWS)
def test_functions_are_those_of_the_interpreter(name, argument, rows):
    engine, reference = answers(Rule(INPUTS, Leaf(Operation(name, (argument,)))), rows)
    np.testing.assert_allclose(engine, reference, rtol=1e-12, atol=1e-12)


@pytest.fixture(scope="module")
def evaluator():
    return CongestionControl(PROBLEM.evaluator_parameters)


def pressure(reducer):
    terms = [
        Operation("mul", (Constant(weight), Terminal(feature, reducer)))
        for feature, weight in enumerate((9.0, 4.0, 2.0))
    ]
    return Leaf(Operation("sub", (Constant(1.0), Operation("add", (terms[0], Operation("add", (terms[1], terms[2])))))))


@pytest.mark.parametrize("family", ["single", "sharing"])
def test_a_rule_in_the_engine_scores_as_one_that_is_asked(evaluator, family):
    spec = WorkloadSpec("congestion-control", "w", family, "train", 5)
    links = evaluator.load(spec)
    few = type(links)(links.scenarios[:4], links.fair[:4])
    rule = Rule(INPUTS, Split(Terminal(2, "mean"), 0.05, pressure("last"), pressure("mean")))
    policy = RulePolicy(rule, "on_interval")
    assert dict(evaluator.evaluate_rule(rule, few, spec)) == dict(evaluator.evaluate(policy, few, spec))


def test_an_answer_that_is_no_number_is_invalid(evaluator):
    spec = WorkloadSpec("congestion-control", "w", "single", "train", 5)
    links = evaluator.load(spec)
    undefined = Rule(INPUTS, Leaf(Operation("log", (Constant(-1.0),))))
    with pytest.raises(Invalid, match="finite"):
        evaluator.evaluate_rule(undefined, links, spec)


def test_a_rule_of_other_features_is_refused(evaluator):
    spec = WorkloadSpec("congestion-control", "w", "single", "train", 5)
    inputs = Inputs((Feature("load", "load", "1", 0.0, 0.0, 1.0),), 4, -1.0, 1.0)
    with pytest.raises(UserError, match="distil it for this problem"):
        evaluator.evaluate_rule(Rule(inputs, Leaf(Constant(1.0))), evaluator.load(spec), spec)
