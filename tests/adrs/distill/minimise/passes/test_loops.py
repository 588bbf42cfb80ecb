"""Loops become comprehensions, and go through what they read."""

from tests.adrs.distill.minimise.test_passes import results


def test_loops_that_append_are_comprehensions():
    source = "x = []\nfor a in b:\n    c = f(a)\n    if a > 3:\n        x.append(c + 1)"
    assert "x = [f(a) + 1 for a in b if a > 3]" in results("loops", source)
    assert not results("loops", source.replace("c + 1", "c + len(x)")), "it reads what it makes"
    assert not results("loops", source.replace("c + 1", "c + c")), "f would be called twice"
    assert not results("loops", f"{source}\n        print(a)")


def test_what_a_loop_does_not_read_is_not_iterated_over():
    assert "for v in x:\n    f(v)" in results("loops", "for i, v in enumerate(x):\n    f(v)")
    assert "for i in range(len(x)):\n    f(i)" in results("loops", "for i, v in enumerate(x):\n    f(i)")
    assert "r = [a + c for a, c in zip(x, z)]" in results("loops", "r = [a + c for a, b, c in zip(x, y, z)]")
    assert "r = [c for c in z]" in results("loops", "r = [c for a, c in zip(x, z)]")
    assert not results("loops", "for i, v in enumerate(x):\n    f(i, v)")
    assert not results("loops", "for a, b in zip(x, y):\n    f()"), "the shorter one says how often"
