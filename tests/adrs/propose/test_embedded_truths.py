"""Edits of a truth value that is the answer: it stays one, and comes to depend on what is shown."""

import random
import re
from typing import Any

import pytest
from edit_outcomes import outcomes

from adrs.interface import FunctionType, Sizes, check, parse_type
from adrs.propose.embedded import truths
from adrs.propose.embedded.mutate import Mutate
from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.tree import Tree

SAMPLE = {"age": parse_type("float", ""), "size": parse_type("int", ""), "loads": parse_type("float64[servers]", "")}
ALWAYS = "def admit(sample):\n    return True\n"


def function(returns: str) -> FunctionType:
    return FunctionType("admit", "", {"sample": SAMPLE}, parse_type(returns, ""))


def admit(returns: str = "bool") -> Shown:
    """Of a function that says whether to."""
    return Shown.by({"admit": function(returns)})


@pytest.mark.parametrize("returns", ["int", "bool[8]", "bool?", "float"])
def test_other_answers_are_no_truth_value(returns: str) -> None:
    assert admit("bool").truths == {"admit"}
    assert admit(returns).truths == frozenset()


def test_always_becomes_never() -> None:
    assert outcomes(truths.flip, ALWAYS, admit()) == {"def admit(sample):\n    return False\n"}
    other = "def admit(sample):\n    wide = dict(deep=True)\n    return len(wide) > 1\n"
    assert outcomes(truths.flip, other, admit()) == set()


def test_an_answer_depends_on_what_is_shown_and_stays_a_truth_value() -> None:
    made = outcomes(truths.compare, ALWAYS, admit())
    assert any('sample["age"]' in source for source in made)
    again = {source for each in sorted(made)[:5] for source in outcomes(truths.compare, each, admit(), tries=3)}
    assert any(re.search(r"\) (and|or) \(", source) for source in again)
    seen = set()
    for source in made | again:
        for age, size in ((0.0, 1), (50.0, 64), (1e6, 10**6)):
            answer = called(source, {"age": age, "size": size, "loads": [1.0, 2.0]})
            sizes: Sizes = {}
            if answer is not None:
                seen.add(check(parse_type("bool", ""), answer, sizes, "admit"))
    assert seen == {True, False}


def called(source: str, sample: dict[str, Any]) -> Any:
    module: dict[str, Any] = {}
    exec(source, module)
    try:
        return module["admit"](sample)
    except (ZeroDivisionError, ValueError, OverflowError):
        return None


def test_a_program_that_says_always_yes_can_be_mutated() -> None:
    tree, operator = Tree(ALWAYS), Mutate({"admit": function("bool")})
    drawn = [operator._choose(tree, random.Random(seed), 1) for seed in range(50)]
    kinds = {kind for chosen in drawn for kind, _ in chosen}
    assert {"flip", "compare"} <= kinds
