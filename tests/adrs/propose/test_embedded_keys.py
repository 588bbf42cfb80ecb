"""What something is ordered by is edited wherever it is written: in a lambda, or in a function of its own."""

import ast
from functools import cache

import pytest
from edit_outcomes import outcomes

from adrs.interface import FunctionType, parse_type
from adrs.propose.embedded import edits, keys
from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.tree import Tree

ARGUMENTS = {"jobs": parse_type("int", ""), "due": parse_type("float64[jobs]", ""),
             "ticks": parse_type("int64[jobs, machines]", "")}  # fmt: skip
SHOWN = Shown.by({"solve": FunctionType("solve", "", ARGUMENTS, parse_type("int64[jobs] in 0..jobs-1", ""))})
NAMED = """
def solve(jobs, due, ticks):
    left = [1] * jobs

    def priority(job):
        late = due[job] - left[job]
        return job

    return sorted(range(jobs), key=priority)
"""
LAMBDA = """
def solve(jobs, due, ticks):
    left = [1] * jobs
    left[0] = 2
    first = min(range(jobs), key=lambda job: left[job])
    return sorted(range(jobs), key=lambda each: each)
"""


def keyed(source: str) -> set[str]:
    tree = Tree(source)
    return {tree.code(site.node) for site in tree.sites if tree.is_key(site)}


def test_keys_are_found_in_lambdas_tuples_and_named_functions() -> None:
    assert keyed(NAMED) == {"job"}
    assert keyed(LAMBDA) == {"left[job]", "each"}
    assert keyed("def f(x):\n    return sorted(x, key=lambda i: (i[0], -i[1]))\n") == {"i[0]", "-i[1]"}
    assert keyed("def f(x):\n    return g(x, keyword=lambda i: i)\n") == set()


@pytest.mark.parametrize("new", [
    "return late", "return -job", "return (job) + (late)", "return left[job]", "due[job]", "ticks[job].sum()",
])  # fmt: skip
def test_what_a_named_key_returns_becomes_what_it_knows(new: str) -> None:
    assert any(new in made for made in other_keys())


@cache
def other_keys() -> set[str]:
    return outcomes(keys.key, NAMED, SHOWN, tries=200)


def test_a_lambda_takes_what_the_program_keeps_for_each_item() -> None:
    made = outcomes(keys.key, LAMBDA, SHOWN, tries=80)
    assert any("key=lambda each: left[each]" in one for one in made)
    assert not any("first" in one.partition("lambda each")[2] for one in made)  # the same for all


def test_a_sign_is_taken_away_and_no_edit_leaves_a_key_as_it_was() -> None:
    source = "def f(x):\n    return sorted(x, key=lambda i: -i)\n"
    assert source.replace("-i", "i") in outcomes(keys.key, source, SHOWN)
    longer = "def f(x, y):\n    return sorted(x, key=lambda i: (y[i]  # the first\n        + i))\n"
    assert outcomes(keys.key, longer, SHOWN)
    assert all(ast.unparse(ast.parse(each)) != ast.unparse(ast.parse(NAMED)) for each in other_keys())


def test_terms_come_to_a_key_though_it_is_an_index_elsewhere() -> None:
    made = outcomes(lambda tree, site, rng, shown: edits.add_term(tree, site, rng), NAMED, SHOWN)
    assert any("return job + " in each or "return job - " in each for each in made)
