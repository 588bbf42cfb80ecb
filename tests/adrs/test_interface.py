"""Types of the interface, and the checks of answers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adrs.errors import UserError
from adrs.evaluation import Invalid
from adrs.interface import ValueType, bind, check, parse_type

PLACEMENT = parse_type("int64[n] in 0..k-1, the bin of each item", "here")
SIZES = {"n": 3, "k": 4}


def rule(kind: ValueType, answer: Any, scenarios: int | None = None) -> str:
    with pytest.raises(Invalid) as caught:
        check(kind, answer, dict(SIZES), "solve", scenarios)
    return caught.value.rule


def test_types_are_read_and_shown() -> None:
    assert str(PLACEMENT) == "int64[n] in 0..k-1"
    assert PLACEMENT.note == "the bin of each item"
    assert parse_type("float in -1..1.5, share", "here").low == "-1"
    assert parse_type("str[n]", "here").dims == ("n",)


@pytest.mark.parametrize("text", ["", "float64", "int[3]", "flot", "int64[n] in 0", "int64[n/2]", "int64[n] in a..b/c"])
def test_wrong_types_are_refused_with_their_place(text: str) -> None:
    with pytest.raises(UserError, match="here"):
        parse_type(text, "here")


@pytest.mark.parametrize(
    "answer", [np.array([0, 1, 3]), np.array([0, 1, 3], dtype=np.int8), [0, 1, 3], (0, 1, 3), np.array([0, 1, 3], "u8")]
)
def test_answers_without_loss_are_accepted(answer: Any) -> None:
    checked = check(PLACEMENT, answer, dict(SIZES), "solve")
    assert checked.dtype == np.int64
    assert checked.tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, "type"), ("abc", "type"), ({"a": 1}, "type"), (b"123", "type"), ([0, 1, "2"], "type"),
        ([0, 1, None], "type"), ([0, 1, 2.0], "dtype"), ([True, False, True], "dtype"),
        (np.array([0.0, 1.0, 2.0]), "dtype"), (np.array([True, False, True]), "dtype"), ([0, 1], "shape"),
        ([[0, 1, 2]], "shape"), ([0, [1], 2], "type"), (np.zeros((3, 1), int), "shape"), (5, "shape"),
        ([0, 1, 4], "range"), ([0, -1, 2], "range"), ([0, 1, 10**30], "range"), ([], "shape"),
        (np.array([0, 1, 2**63], dtype=np.uint64), "range"),
    ],
)  # fmt: skip
def test_each_broken_rule_has_its_name(answer: Any, expected: str) -> None:
    assert rule(PLACEMENT, answer) == expected


def test_the_first_offending_index_is_named() -> None:
    with pytest.raises(Invalid, match=r"value 9 at index \[1\] is outside 0..3"):
        check(PLACEMENT, [0, 9, 9], dict(SIZES), "solve")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_floats_must_be_finite(bad: float) -> None:
    kind = parse_type("float64[n]", "here")
    assert rule(kind, [0.0, bad, 1.0]) == "finiteness"
    assert rule(parse_type("float", "here"), bad) == "finiteness"


@pytest.mark.parametrize("text", ["float32[n]", "float32[n] in 0..1e308"])
@pytest.mark.parametrize("answer", [[0.0, 1e300, 1.0], np.array([0.0, 1e300, 1.0])])
def test_floats_must_fit_their_dtype(text: str, answer: Any) -> None:
    assert rule(parse_type(text, "here"), answer) == "range"
    largest = float(np.finfo(np.float32).max)
    assert check(parse_type(text, "here"), [0.0, largest, 0.1], dict(SIZES), "solve").tolist()[1] == largest


def test_scalars() -> None:
    assert check(parse_type("float in 0..1", "here"), 1, {}, "f") == 1.0
    assert check(parse_type("int", "here"), 7, {}, "f") == 7
    assert rule(parse_type("int", "here"), 7.0) == "dtype"
    assert rule(parse_type("int", "here"), True) == "dtype"
    assert rule(parse_type("float in 0..1", "here"), 1.5) == "range"
    assert rule(parse_type("float", "here"), [1.0]) == "type"


def test_records_need_exactly_their_fields() -> None:
    kind = {"rate": parse_type("float", "here"), "window": parse_type("int", "here")}
    assert check(kind, {"rate": 1.0, "window": 2}, {}, "f") == {"rate": 1.0, "window": 2}
    for answer in ({"rate": 1.0}, {"rate": 1.0, "window": 2, "more": 3}, [1.0, 2]):
        with pytest.raises(Invalid) as caught:
            check(kind, answer, {}, "f")
        assert caught.value.rule == "type"


def test_batches_have_the_scenario_first() -> None:
    kind = parse_type("float", "here")
    assert check(kind, np.array([1.0, 2.0]), {}, "f", scenarios=2).tolist() == [1.0, 2.0]
    assert rule(kind, np.array([1.0]), scenarios=2) == "shape"


def test_names_are_bound_by_integers_and_by_axes() -> None:
    sizes: dict[str, int] = {}
    kind = {"gpus": parse_type("int", "x"), "size": parse_type("float64[models]", "x")}
    bind(kind, {"gpus": 4, "size": np.zeros(7)}, sizes, "instance")
    assert sizes == {"gpus": 4, "models": 7}
    with pytest.raises(ValueError, match="models is 3 here and 7 before"):
        bind(parse_type("int64[models]", "x"), np.zeros(3), sizes, "other")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
                    max_leaves=10))  # fmt: skip
def test_whatever_comes_is_accepted_in_the_declared_form_or_invalid(answer: Any) -> None:
    try:
        checked = check(PLACEMENT, answer, dict(SIZES), "solve")
    except Invalid:
        return
    assert checked.dtype == np.int64
    assert checked.shape == (3,)
    assert 0 <= checked.min() <= checked.max() <= 3


def test_a_list_of_floats_crosses_as_a_list() -> None:
    import numpy as np

    from adrs.interface import listed

    kind = {"window": parse_type("float[3]", "here"), "load": parse_type("float64[2]", "here")}
    sent = listed(kind, {"window": np.ones((2, 3)), "load": np.zeros(2)})
    assert sent["window"] == [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    assert isinstance(sent["load"], np.ndarray)
    with pytest.raises(UserError, match="one dimension"):
        parse_type("float[3, 4]", "here")
