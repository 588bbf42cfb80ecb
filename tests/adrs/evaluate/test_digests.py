"""Digests of answers: equal where answers are, and nowhere else."""

import numpy as np

from adrs.evaluate.digests import digest


def test_answers_that_are_equal_have_one_digest() -> None:
    array = np.arange(6)
    assert digest({"a": array, "b": 1.5}) == digest({"b": 1.5, "a": array[::-1][::-1]})
    assert digest((array, [1, 2])) == digest([array.copy(), (1, 2)])


def test_answers_that_differ_have_different_digests() -> None:
    array = np.arange(6)
    answers = [
        array, array.reshape(2, 3), array.astype(np.int32), array.astype(float), array[::-1], list(range(6)), [0, 12],
        [0, 1, 2], ["0", 12], {"a": 1}, {"a": True}, {"a": [1]}, ("ab", "c"), ("a", "bc"), None, "None",
    ]  # fmt: skip
    assert len({digest(answer) for answer in answers}) == len(answers)
