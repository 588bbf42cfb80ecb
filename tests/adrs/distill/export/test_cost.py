"""The operations that are said of a rule are those that stand in its C."""

import re

import pytest

from adrs.distill.export.c import source
from adrs.distill.export.cost import cost
from adrs.distill.export.double import Double
from adrs.rule.form import Rule
from tests.adrs.distill.rules import GRADIENT, LATENCY, SENDING, THREE_TERMS, branch, rule, terminal

_FUNCTION = re.compile(r"^(?:static )?(?:double|void) (\w+)\([^\n]*\)\n\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_OPERATOR = re.compile(r" (?:[-+*/<>]|[-+]=|==|>=) |\+\+|-(?=[a-z(])")
_LIBRARY = ("sqrt", "tanh", "log", "exp", "fabs")


def operations(made: Rule) -> int:
    """Operators and calls of the library in `decide` and all that it calls. All branches are counted: of two leaves,
    one must be a constant.
    """
    text = re.sub(r"/\*.*?\*/", "", source(made, Double()), flags=re.DOTALL)
    bodies = dict(_FUNCTION.findall(text))

    def counted(body: str) -> int:
        called = [name for name in re.findall(r"(\w+)\(", body) if name in bodies]
        library = sum(len(re.findall(rf"\b{name}\(", body)) for name in _LIBRARY)
        return len(_OPERATOR.findall(body)) + library + sum(counted(bodies[name]) for name in called)

    return counted(bodies["rule_decide"])


MEAN, SLOPE = terminal("sending_ratio", "mean"), terminal("latency_ratio", "slope")
SUM = ["add", ["mul", 2.0, LATENCY], ["sub", GRADIENT, 0.5]]


@pytest.mark.parametrize(
    "made",
    [
        THREE_TERMS,
        rule(["add", MEAN, ["mul", 3.0, SLOPE]]),
        rule(["add", terminal("latency_ratio", "mean"), SLOPE]),
        rule(["sub", terminal("latency_ratio", "previous"), ["aq", SENDING, ["tanh", LATENCY]]]),
        rule(["mul", SUM, SUM]),
        rule(["max", ["min", LATENCY, 0.5], ["neg", ["b", ["abs", ["mul", 2.0, SENDING]]]]]),
        *(rule(branch(MEAN, 0.05, ["mul", 2.0, LATENCY], 1.0), patience) for patience in (1, 2, 3)),
        rule(branch(MEAN, 0.05, 1.0, branch(SLOPE, 0.1, ["add", MEAN, LATENCY], 2.0))),
    ],
)
def test_the_count_is_that_of_the_code(made: Rule) -> None:
    assert cost(made).operations == operations(made)
