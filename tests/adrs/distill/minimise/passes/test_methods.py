"""Calls become shorter ones of the same function."""

import pytest

from tests.adrs.distill.minimise.test_passes import results

NUMPY = "import numpy as np\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("np.argmin(np.sum(x, axis=1))", "np.sum(x, axis=1).argmin()"),
        ("x.sum(axis=1, keepdims=True)", "x.sum(1, keepdims=True)"),
        ("sorted(x, key=lambda v: f(v))", "sorted(x, key=f)"),
    ],
)
def test_calls_are_written_shorter(before, after):
    assert f"{NUMPY}r = {after}" in results("methods", f"{NUMPY}r = {before}")


@pytest.mark.parametrize(
    "expression",
    [
        "np.max([a, b])",
        "np.zeros(n)",
        "sorted(x, key=lambda v: f(v, v))",
        "sorted(x, key=lambda v: v.f(v))",
        "f(lambda v=1: g(v))",
    ],
)
def test_calls_that_would_be_others_stay(expression):
    assert results("methods", f"{NUMPY}r = {expression}") == []


def test_all_calls_at_once_come_first():
    assert results("methods", f"{NUMPY}r = np.argsort(np.sum(x, axis=1))")[0] == f"{NUMPY}r = x.sum(1).argsort()"
