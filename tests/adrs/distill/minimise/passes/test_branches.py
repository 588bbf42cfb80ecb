"""Conditional statements become shorter ones."""

import pytest

from tests.adrs.distill.minimise.test_passes import results


def test_what_both_sides_do_stands_once():
    source = "if a:\n    f()\n    g()\nelse:\n    h()\n    g()"
    assert "if a:\n    f()\nelse:\n    h()\ng()" in results("branches", source)
    assert "if a:\n    f()\ng()" in results("branches", "if a:\n    f()\n    g()\nelse:\n    g()")
    assert "g()\nif not a:\n    f()" in results("branches", "if a:\n    g()\nelse:\n    g()\n    f()")
    assert "g()" in results("branches", "if a:\n    g()\nelse:\n    g()")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 3\nif a:\n    x = 4", "x = 4 if a else 3"),
        ("x = not a < b", "x = a >= b"),
        ("x = not a in b", "x = a not in b"),
        ("x = not not a", "x = a"),
        ("if not a:\n    f()\nelse:\n    g()", "if a:\n    g()\nelse:\n    f()"),
        ("x = f if not a else g", "x = g if a else f"),
        ("def f():\n    if a:\n        return 1\n    return 2", "def f():\n    return 1 if a else 2"),
    ],
)
def test_conditions_say_what_is(before, after):
    assert after in results("branches", before)


@pytest.mark.parametrize(
    "source", ["if a:\n    f()\nelse:\n    g()", "x = 3\nif a:\n    y = 4", "x = not a < b < c", "if a:\n    x = 4"]
)
def test_statements_that_differ_stay(source):
    assert results("branches", source) == []
