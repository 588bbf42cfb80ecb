"""Places of tuples that nobody reads go."""

from tests.adrs.distill.minimise.test_passes import results


def test_a_place_that_nobody_reads_goes_from_all_tuples():
    source = "def fit(t):\n    return (f(t), {}, 3)\n\ndef route(model):\n    a, known, b = model\n    return a + b"
    gone = "def fit(t):\n    return (f(t), 3)\n\ndef route(model):\n    a, b = model\n    return a + b"
    assert results("slots", source) == [gone]
    assert not results("slots", source.replace("a + b", "a + b + len(known)"))


def test_what_is_left_alone_is_no_tuple():
    source = "def fit(t):\n    return (f(t), {})\n\ndef route(model):\n    a, known = model\n    return a"
    gone = "def fit(t):\n    return f(t)\n\ndef route(model):\n    a = model\n    return a"
    assert results("slots", source) == [gone]
