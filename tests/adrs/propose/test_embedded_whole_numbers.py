"""Edits of a whole number that is the answer: a level stays within its range, an index finds what it is an index of."""

import ast
import random
import re
from typing import Any

import pytest
from edit_outcomes import free_names, outcomes

from adrs.interface import FunctionType, Sizes, check, parse_type
from adrs.propose.embedded import quantities, whole_numbers
from adrs.propose.embedded.shown import Shown, Whole
from adrs.propose.embedded.tree import Tree

SAMPLE = {"arrived": parse_type("float", ""), "waiting": parse_type("float", "")}
STEADY = "def servers(sample):\n    return 30\n"


def servers(returns: str) -> Shown:
    """Of a function that says how many."""
    return Shown.by({"servers": FunctionType("servers", "", {"sample": SAMPLE}, parse_type(returns, ""))})


def evict(returns: str = "int in 0..slots-1") -> Shown:
    """Of a function that says which one."""
    arguments = {"age": parse_type("float64[slots]", ""), "size": parse_type("float[slots]", ""),
                 "weights": parse_type("float64[users]", ""), "missing": parse_type("int", "")}  # fmt: skip
    return Shown.by({"evict": FunctionType("evict", "", arguments, parse_type(returns, ""))})


@pytest.mark.parametrize(
    ("returns", "whole"),
    [
        ("int in 1..200", Whole(1, 200)), ("int in -3..3", Whole(-3, 3)), ("int", Whole(None, None)),
        ("int in 0..slots-1", Whole(0, None, "slots")), ("int in 0..slots - 1", Whole(0, None, "slots")),
        ("int in 1..slots-1", Whole(1, None)), ("int in 0..limit", Whole(0, None)),
    ],
)  # fmt: skip
def test_the_range_of_a_whole_number_is_known_as_far_as_it_stands_there(returns: str, whole: Whole) -> None:
    assert servers(returns).wholes == {"servers": whole}


@pytest.mark.parametrize("returns", ["float", "int64[slots]", "int? in 0..3", "bool", "str"])
def test_other_answers_are_no_whole_number(returns: str) -> None:
    assert servers(returns).wholes == {}


@pytest.mark.parametrize("returns", ["int in 1..200", "int in 29..31", "int"])
def test_a_level_is_a_whole_number_of_the_range_whatever_is_read(returns: str) -> None:
    shown = servers(returns)
    made = outcomes(whole_numbers.level, STEADY, shown) | outcomes(whole_numbers.branch, STEADY, shown)
    assert any('sample["arrived"]' in source for source in made)
    for source in made:
        for arrived, waiting in ((0.0, 0.0), (120.0, 7.5), (1e6, 1e6)):
            sizes: Sizes = {}
            answer = called(source, "servers", {"arrived": arrived, "waiting": waiting})
            check(parse_type(returns, ""), answer, sizes, "servers")


def test_what_was_made_goes_on_growing_inside_and_is_not_rounded_twice() -> None:
    shown = servers("int in 1..200")
    grown = 'def servers(sample):\n    return max(1, min(200, round(30 + 0.1 * (sample["arrived"]))))\n'
    assert outcomes(whole_numbers.level, grown, shown) == set()
    inside = outcomes(quantities.add, grown, shown)
    assert any(re.search(r"round\(30 \+ 0.1 \* \(.*\) [+-] \(.*\)\)\)\)$", source) for source in inside)
    for source in inside | outcomes(quantities.branch, grown, shown):
        assert called(source, "servers", {"arrived": 120.5, "waiting": 7.5}) is not None, source
    branched = outcomes(whole_numbers.branch, grown, shown)
    assert branched
    assert all(source.count("round") == 1 for source in branched)
    halves = 'def servers(sample):\n    return (75 if sample["waiting"] > 0.5 else 26)\n'
    made = outcomes(whole_numbers.level, halves, shown)
    assert any(re.search(r"return \(75 if .* else max\(1, min\(200, round\(", source) for source in made)
    assert any(re.search(r"return \(max\(1, min\(200, round\(.* if .* else 26\)", source) for source in made)


def test_another_tier_is_one_that_there_is() -> None:
    made = outcomes(whole_numbers.branch, "def servers(sample):\n    return 3\n", servers("int in 0..3"))
    others = {int(match[1]) for source in made if (match := re.search(r"\((\d+) if", source))}
    assert others == {0, 1, 2}


def test_which_one_becomes_the_one_with_the_least_or_most_of_what_is_shown_of_each() -> None:
    made = outcomes(whole_numbers.choose, "def evict(age, size, weights, missing):\n    return missing\n", evict())
    assert any("return min(range(len(age)), key=lambda item: " in source for source in made)
    assert any("return max(range(len(age)), key=lambda item: " in source for source in made)
    assert any("size[item]" in source for source in made)
    assert not any("weights[item]" in source for source in made)
    for source in made:
        assert free_names(source) <= {"abs", "len", "min", "max", "range"}
        assert called(source, "evict", [3.0, 1.0, 2.0], [1.0, 1.0, 5.0], [0.5], 1) in range(3)
    other = "def other(age, size, weights, missing):\n    return missing\n"
    assert outcomes(whole_numbers.choose, other, evict()) == set()
    assert outcomes(whole_numbers.choose, other.replace("other", "evict"), evict("int in 0..9")) == set()


def test_an_index_is_not_rounded_arithmetic() -> None:
    assert outcomes(whole_numbers.level, "def evict(age, size, weights, missing):\n    return 0\n", evict()) == set()


def test_a_function_that_answers_with_something_else_is_left_alone() -> None:
    shown = Shown.by({"score": FunctionType("score", "", {"sample": SAMPLE}, parse_type("float", ""))})
    tree = Tree("def score(sample):\n    return 3\n")
    for maker in (whole_numbers.level, whole_numbers.branch, whole_numbers.choose):
        assert all(maker(tree, site, random.Random(1), shown) is None for site in tree.sites)


def called(source: str, function: str, *arguments: object) -> object:
    """What a made program answers."""
    names: dict[str, Any] = {}
    exec(compile(ast.parse(source), "made", "exec"), names)
    answer = names[function](*arguments)
    return answer if isinstance(answer, int) else None
