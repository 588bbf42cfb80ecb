"""What the calls of a batch get, out of columns as they cross."""

import numpy as np
import pytest

from adrs.sandbox.inside.spread import spread


def test_rows_of_an_array_become_lists_of_python_floats():
    rows = spread(["lists", np.array([[1.0, 2.0], [3.0, np.inf]])], 2)
    assert list(rows) == [[1.0, 2.0], [3.0, np.inf]]
    assert {type(value) for row in rows for value in row} == {float}


def test_rows_of_an_array_become_records_in_the_order_of_the_names():
    names = ["second", "first", "it's"]
    records = list(spread(["records", names, np.arange(6.0).reshape(2, 3)], 2))
    assert [list(record.items()) for record in records] == [
        [("second", 0.0), ("first", 1.0), ("it's", 2.0)],
        [("second", 3.0), ("first", 4.0), ("it's", 5.0)],
    ]
    assert {type(value) for record in records for value in record.values()} == {float}


def test_a_record_of_one_field():
    assert list(spread(["records", ["load"], np.array([[1.0], [2.0]])], 2)) == [{"load": 1.0}, {"load": 2.0}]


def test_one_value_for_all_rows_and_fields():
    assert spread(["same", "x"], 2) == ["x", "x"]
    assert spread(["rows", 7], 2) == [7, 7]
    assert spread(["rows", np.array([1, 2])], 2) == [1, 2]
    assert spread(["rows", {"a": np.array([1.5, 2.5]), "b": ["x", "y"]}], 2) == [
        {"a": 1.5, "b": "x"},
        {"a": 2.5, "b": "y"},
    ]
    assert spread(["fields", {"a": [1, 2]}, {"b": 3}], 2) == [{"a": 1, "b": 3}, {"a": 2, "b": 3}]


def test_fields_of_different_lengths_are_no_records():
    with pytest.raises(ValueError, match="shorter"):
        spread(["rows", {"a": [1, 2], "b": [1]}], 2)
