"""What the search engine finds means to us what it means to the engine, and is found again."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from adrs.distill.symbolic import search as module
from adrs.distill.symbolic.search import Effort, search
from adrs.distill.symbolic.trees import read_tree
from adrs.errors import UserError
from adrs.rule.form import Constant, Operation, Terminal, subexpressions
from adrs.rule.interpret import value

TERMINALS = tuple(Terminal(feature, reducer) for feature in range(3) for reducer in ("last", "mean"))
QUICK = Effort(population=100, generations=6, rows=300)


@pytest.fixture(scope="module")
def columns():
    return np.random.default_rng(3).normal(size=(300, len(TERMINALS)))


def told(expression, columns):
    return value(expression, lambda terminal: columns[:, TERMINALS.index(terminal)], len(columns))


def names(expression):
    return {each.name for each in subexpressions(expression) if isinstance(each, Operation)}


def node(name, arity=0, value=1.0, key=0):
    return SimpleNamespace(Name=name, Arity=arity, Value=value, HashValue=key)


def test_every_member_is_worth_what_the_engine_says(columns):
    targets = np.maximum(columns[:, 0], columns[:, 1]) - columns[:, 2] / np.sqrt(1 + columns[:, 3] ** 2) * columns[:, 4]
    fitted = module._fit(columns, targets, 20, 5, QUICK)
    variables = {key: TERMINALS[int(name[1:]) - 1] for key, name in fitted.variables_.items()}
    seen = set()
    for member in fitted.pareto_front_:
        expression = read_tree(member["tree"].Nodes, variables)
        seen |= names(expression)
        expected = fitted.evaluate_model(member["tree"], columns)
        assert told(expression, columns) == pytest.approx(expected, rel=1e-3, abs=1e-3)  # the engine's floats are short
    assert len(fitted.pareto_front_) > 3
    assert seen - {"add", "sub", "mul"}


@pytest.mark.parametrize("place", [0, 3])
def test_printed_variables_count_from_one(columns, place):
    best = search(columns, 2.0 * columns[:, place], TERMINALS, 3, 1, QUICK)[-1]
    assert {each for each in subexpressions(best) if isinstance(each, Terminal)} == {TERMINALS[place]}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("min", lambda a, b: np.minimum(a, b)), ("max", lambda a, b: np.maximum(a, b)),
     ("aq", lambda a, b: a / np.sqrt(1 + b * b))],
)  # fmt: skip
def test_lesser_greater_and_analytic_quotient_are_told_apart(columns, name, wanted):
    targets = wanted(columns[:, 0], columns[:, 1])
    best = search(columns, targets, TERMINALS, 3, 1, Effort(population=400, generations=20, rows=300))[-1]
    assert names(best) & {"min", "max", "aq"}  # max(a, b) may be found as -min(-a, -b)
    assert told(best, columns) == pytest.approx(targets, abs=1e-3)


def test_arguments_stand_in_the_order_of_the_engine():
    first, second = Terminal(0, "last"), Terminal(1, "last")
    nodes = [node("variable", key=2), node("variable", key=1), node("-", 2)]
    assert read_tree(nodes, {1: first, 2: second}) == Operation("sub", (first, second))
    assert read_tree([node("variable", key=1), node("-", 1)], {1: first}) == Operation("neg", (first,))


@pytest.mark.parametrize("name", ["^", "pow", "square", "sin"])
def test_what_no_rule_has_is_refused(name):
    with pytest.raises(ValueError, match="no operation"):
        read_tree([node("variable"), node("variable"), node(name, 2)], {0: TERMINALS[0]})


def test_offset_and_scale_outside_belong_to_the_expression(columns):
    targets = 1000.0 + 50.0 * columns[:, 2] + 0.1 * columns[:, 4]
    best = search(columns, targets, TERMINALS, 5, 1, QUICK)[-1]
    assert told(best, columns) == pytest.approx(targets, abs=1.0)


@pytest.mark.parametrize("targets", [np.ones(300), 1000.0 + 50.0 * np.arange(300.0)])
def test_a_search_without_a_front_finds_nothing_and_does_not_fail(targets):
    rows = np.tile(np.arange(300.0)[:, None], (1, len(TERMINALS)))
    assert all(np.isfinite(told(each, rows)).all() for each in search(rows, targets, TERMINALS, 1, 1, QUICK))


def test_the_same_seed_finds_the_same(columns):
    targets = np.tanh(columns[:, 0]) * columns[:, 5] + 0.3 * columns[:, 2]
    first, again = (search(columns, targets, TERMINALS, 12, 7, QUICK) for _ in range(2))
    assert first == again
    assert first != search(columns, targets, TERMINALS, 12, 8, QUICK)


def test_members_that_are_not_finite_are_dropped(columns, monkeypatch):
    def front(*arguments):
        trees = [[node("constant", value=float("nan"))], [node("variable"), node("log", 1)], [node("constant")]]
        members = [{"tree": SimpleNamespace(Nodes=nodes)} for nodes in trees]
        return SimpleNamespace(variables_={0: "X1"}, pareto_front_=members)

    monkeypatch.setattr(module, "_fit", front)
    assert search(columns, columns[:, 0], TERMINALS, 5, 1, QUICK) == [Constant(1.0)]


def test_without_the_engine_one_sentence_says_how_to_install_it(columns, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyoperon", None)
    monkeypatch.delitem(sys.modules, "pyoperon.sklearn", raising=False)
    with pytest.raises(UserError, match=r"pip install 'adrs\[distill\]'"):
        search(columns, columns[:, 0], TERMINALS, 5, 1, QUICK)
