"""What is done item by item is done with whole arrays, and nothing else is taken for such."""

import pytest

from tests.adrs.distill.minimise.test_passes import results

NUMPY = "import numpy as np\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sorted(range(n), key=lambda i: x[i] - 2 * y[i])", "np.argsort(x - 2 * y)"),
        ("sorted(range(n), key=lambda i: x[i])", "np.argsort(x[:n], kind='stable')"),
        ("sorted(range(n), key=lambda i: x[i], reverse=True)", "np.argsort(-x, kind='stable').tolist()"),
        ("min(range(n), key=lambda i: a + x[i])", "np.argmin(a + x)"),
        ("min(range(n), key=lambda i: x[i] + y[i])", "np.argmin(x + y[:n])"),
        (
            "min(range(n), key=lambda i: z[i] + max(2 * x[i] + y[i], y[i]))",
            "np.argmin(z + np.maximum(2 * x + y, y)[:n])",
        ),
        ("max(range(n), key=lambda i: x[i] if y[i] > 2 else 0)", "np.argmax(np.where(y > 2, x, 0))"),
        ("[max(a, 2 * b) for a, b in zip(x, y)]", "np.maximum(x, 2 * y)"),
        ("[x[i] / y[i] for i in range(n)]", "x / y"),
        ("sum(x[i] * y[i] for i in range(n))", "(x * y).sum()"),
        ("[math.log(v) for v in x]", "np.log(x)"),
        ("2 * x[:n] + y[:n]", "(2 * x + y)[:n]"),
        ("np.maximum(2 * x[:n], y[:n])", "np.maximum(2 * x, y)[:n]"),
    ],
)
def test_items_become_arrays(before, after):
    assert f"{NUMPY}r = {after}" in results("arrays", f"{NUMPY}r = {before}")


def test_a_loop_that_assigns_item_by_item_is_one_assignment():
    assert results("arrays", f"{NUMPY}for i in range(n):\n    x[i] += 2 * y[i]") == [f"{NUMPY}x += 2 * y"]
    assert not results("arrays", f"{NUMPY}for i in range(n):\n    x[i] = x[i - 1]"), "neighbours"


def test_numpy_is_imported_where_it_is_needed():
    source = '"""Doc."""\n\ndef solve(x):\n    return sorted(range(len(x)), key=lambda i: -x[i])'
    imported = "import numpy as np\n\ndef solve(x):\n    return np.argsort(-x)"
    assert any(text.endswith(imported) for text in results("arrays", source))
    taken = source.replace("solve(x)", "solve(x, np)").replace("-x[i]", "np - x[i]")
    assert not results("arrays", taken)


@pytest.mark.parametrize(
    "expression",
    [
        "sorted(range(1, n), key=lambda i: x[i])",
        "sorted(range(n), key=lambda i: x[i + 1])",
        "sorted(range(n), key=lambda i: (x[i], y[i]))",
        "sorted(range(n), key=lambda i: x[i], reverse=r)",
        "sorted(names, key=lambda i: x[i])",
        "[f(v) for v in x]",
        "[v for v in x if v]",
        "[int(v) for v in x]",
        "[x[i][i] for i in range(n)]",
        "x[:n] + y[:m]",
        "x[:n] + y",
    ],
)
def test_what_is_no_arithmetic_of_items_stays(expression):
    assert results("arrays", f"{NUMPY}r = {expression}") == []
