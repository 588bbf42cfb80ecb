"""Screening of sources, and the digest that finds duplicates."""

import pytest

from adrs.interface import FunctionType, parse_type
from adrs.source import Rejected, screen

SOLVE = FunctionType("solve", "", {"instance": parse_type("int", "x")}, parse_type("int", "x"))


def digest(source: str, **options: object) -> str:
    return screen(source, {"solve": SOLVE}, ("numpy", "adrs_helpers.placement"), 10_000)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def solve(instance:\n", "syntax error in line 1"),
        ("", "empty"),
        ("x = 1\0", "null byte"),
        ("x" * 20_000, "limit"),
        ("x = 1", "function solve is not defined"),
        ("def solve(a, b): return 1", "takes other arguments"),
        ("def solve(): return 1", "takes other arguments"),
        ("def solve(a, *, b): return 1", "takes other arguments"),
        ("class A:\n def solve(self, x): return 1", "function solve is not defined"),
        ("import scipy\ndef solve(a): return 1", "import of scipy"),
        ("from evaluators import systems\ndef solve(a): return 1", "import of evaluators"),
        ("from . import x\ndef solve(a): return 1", "relative import"),
        ("import adrs_helpers.transaction_clock\ndef solve(a): return 1", "import of adrs_helpers.transaction_clock"),
        ("(" * 5000 + ")" * 5000, "cannot be parsed|too many nested|syntax error"),
        ("def solve(a):\n return " + "-" * 9000 + "1", "nested too deeply|cannot be parsed|syntax error"),
        ("x = '\ud800'\ndef solve(a): return 1", "cannot be parsed"),
    ],
)
def test_what_cannot_be_a_program_is_refused_with_the_reason(source: str, expected: str) -> None:
    with pytest.raises(Rejected, match=expected):
        digest(source)


@pytest.mark.parametrize(
    "source",
    [
        "def solve(instance): return 1",
        "def solve(*arguments): return 1",
        "def solve(a, b=2): return 1",
        "solve = lambda instance: 1",
        "import numpy.linalg, math\nfrom adrs_helpers import placement\ndef solve(a): return 1",
        "from adrs_helpers.placement import kvpr\ndef solve(a): return 1",
    ],
)
def test_what_can_be_a_program_passes(source: str) -> None:
    assert len(digest(source)) == 64


def test_what_does_not_matter_does_not_change_the_digest() -> None:
    first = (
        "def solve(instance):\n    total = 0\n    for i in range(3):\n        total += i * 1000.0\n    return total\n"
    )
    second = (
        '"""Docs."""\n# comment\ndef solve(instance):\n    """More."""\n    s = 0\n'
        "    for k in range(3):  # loop\n        s += k * 1e3\n    return s\n"
    )
    assert digest(first) == digest(second)


@pytest.mark.parametrize(
    "other",
    [
        "def solve(instance):\n    a = 1\n    b = 2\n    return b - a\n",
        "def solve(instance):\n    a = 1\n    b = 2.0\n    return a - b\n",
        "def solve(instance):\n    a = 1\n    b = 2\n    return a + b\n",
    ],
)
def test_what_matters_does(other: str) -> None:
    assert digest("def solve(instance):\n    a = 1\n    b = 2\n    return a - b\n") != digest(other)


def test_names_that_a_program_can_look_at_are_kept() -> None:
    template = "def solve(instance):\n    {0} = 1\n    return len(list(locals())[1])\n"
    assert digest(template.format("a")) != digest(template.format("bb"))
