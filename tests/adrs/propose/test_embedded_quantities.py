"""Edits that bring in what the interface shows: only what can be read where it is put, by names that are known."""

import ast
import random
from pathlib import Path

import pytest
from edit_outcomes import Grower, free_names, outcomes
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs import problem
from adrs.interface import FunctionType, parse_type
from adrs.propose.embedded import keys, quantities, whole_numbers
from adrs.propose.embedded.shown import Quantity, Shown
from adrs.propose.embedded.tree import Tree

INSTANCE = {
    "jobs": parse_type("int", ""), "seed": parse_type("int", ""), "name": parse_type("str", ""),
    "due": parse_type("float64[jobs], s", ""), "setup": parse_type("float64[jobs, jobs]", ""),
    "break": parse_type("float64[3]", ""), "tool": parse_type("int64[tools]", ""),
}  # fmt: skip
SOLVE = FunctionType("solve", "", {"instance": INSTANCE}, parse_type("int64[jobs] in 0..jobs-1", ""))
SHOWN = Shown.by({"solve": SOLVE})
BUILTINS = {"abs", "int", "len", "min", "max", "range", "round", "sorted"}
MAKERS: list[Grower] = [
    quantities.add, quantities.branch, quantities.order, keys.key, quantities.whole, quantities.accumulate,
    whole_numbers.level, whole_numbers.branch, whole_numbers.choose,
]  # fmt: skip


def test_numbers_are_shown_and_nothing_else() -> None:
    assert SHOWN.quantities == [
        Quantity("instance", 'instance["jobs"]', None), Quantity("instance", 'instance["due"]', "jobs"),
        Quantity("instance", 'instance["setup"]', "jobs", ".sum()"),
        Quantity("instance", 'instance["setup"]', "jobs", ".max()"),
        Quantity("instance", 'instance["break"]', 3), Quantity("instance", 'instance["tool"]', "tools"),
    ]  # fmt: skip
    assert SHOWN.lists == {"solve": "jobs"}
    history = FunctionType("on", "", {"observation": parse_type("float[30]", ""), "state": parse_type("state", "")},
                           parse_type("float", ""))  # fmt: skip
    assert Shown.by({"on": history}) == Shown([Quantity("observation", "observation", 30)], {}, frozenset({"on"}), {})


def test_a_number_becomes_arithmetic_over_what_can_be_read() -> None:
    helper = "def priority(instance, job):\n    return 0.0\n"
    made = outcomes(quantities.add, helper, SHOWN)
    assert any('instance["due"][job]' in source for source in made)
    assert any("0.0 + (" in source for source in made)
    assert all(free_names(source) <= {"abs", "min", "max"} for source in made)
    assert outcomes(quantities.add, "def other(x):\n    return 0.0\n", SHOWN) == set()  # sees no instance


@pytest.mark.parametrize(
    "answer",
    ['-float(sample["age"])', "sample['age']", "age", "1.0 if age > 3 else 0.5", "max(age, 2.0)", "weigh(sample)"],
)
def test_whatever_a_function_answers_with_grows_where_that_is_a_number(answer: str) -> None:
    fields = {"age": parse_type("int", ""), "size": parse_type("float", "")}
    shown = Shown.by({"score": FunctionType("score", "", {"sample": fields}, parse_type("float", ""))})
    made = outcomes(quantities.add, f"def score(sample):\n    age = sample['age']\n    return {answer}\n", shown)
    answers = {source.partition("return ")[2] for source in made}
    assert any('sample["size"]' in text for text in answers)
    assert any("age = sample['age'] " in source for source in made)
    assert all(free_names(source) <= {"abs", "min", "max", "float", "weigh"} for source in made)


def test_what_is_no_number_does_not_grow() -> None:
    helper = "def solve(instance):\n    due = instance['due']\n    return due\n"
    assert outcomes(quantities.add, helper, SHOWN) == set()


def test_without_an_item_there_are_scalars_alone() -> None:
    made = outcomes(quantities.add, "def solve(instance):\n    return 1.0\n", SHOWN)
    assert made
    assert not any('["due"]' in source for source in made)


def test_loops_and_answers_get_an_order() -> None:
    source = (
        "def solve(instance):\n    made = []\n    for job in range(3):\n        made.append(job)\n    return made\n"
    )
    made = outcomes(quantities.order, source, SHOWN)
    assert any("for job in sorted(range(3), key=lambda job: " in each for each in made)
    assert any("return sorted(made, key=lambda item: " in each for each in made)
    number = Shown(SHOWN.quantities, {}, frozenset(), {})
    assert not any("return sorted" in each for each in outcomes(quantities.order, source, number))


def test_what_is_decided_for_each_item_is_no_order_of_the_items() -> None:
    fields = {"length": parse_type("float64[jobs]", ""), "machines": parse_type("int", "")}
    source = "def place(instance):\n    made = [0, 0]\n    return made\n"
    for returns, sorted_too in (("int64[jobs] in 0..machines-1", False), ("int64[jobs] in 0..jobs-1", True)):
        shown = Shown.by({"place": FunctionType("place", "", {"instance": fields}, parse_type(returns, ""))})
        made = outcomes(quantities.order, source, shown)
        assert any("return sorted(" in each for each in made) == sorted_too


def test_keys_are_replaced_or_grow() -> None:
    source = 'def solve(instance):\n    return sorted(range(3), key=lambda job: instance["due"][job])\n'
    made = outcomes(keys.key, source, SHOWN)
    assert any('key=lambda job: (instance["due"][job]) + (' in each for each in made)
    assert any("key=lambda job: (instance" not in each for each in made)


def test_arrays_whose_order_is_asked_for_get_a_term() -> None:
    source = "import numpy as np\ndef solve(instance):\n    x = instance['due']\n    return np.argsort(-x)\n"
    made = outcomes(quantities.whole, source, SHOWN)
    assert any("np.argsort((-x + " in each and '* instance["due"]' in each for each in made)


def test_a_loop_that_chooses_takes_what_has_the_least_so_far() -> None:
    place = FunctionType("place", "", {"instance": {
        "machines": parse_type("int", ""), "length": parse_type("float64[jobs]", ""),
    }}, parse_type("int64[jobs] in 0..machines-1", ""))  # fmt: skip
    shown = Shown.by({"place": place})
    source = (
        "def place(instance):\n    chosen, totals = {}, 0\n"
        "    for job in range(3):\n        chosen[job] = job\n    return chosen\n"
    )
    made = outcomes(quantities.accumulate, source, shown)
    wanted = (
        "def place(instance):\n    chosen, totals = {}, 0\n"
        '    totals2 = [0.0] * int(instance["machines"])\n'
        "    for job in range(3):\n"
        '        chosen[job] = min(range(instance["machines"]), key=lambda choice: totals2[choice])\n'
        '        totals2[chosen[job]] += instance["length"][job]\n'
        "    return chosen\n"
    )
    assert wanted in made
    assert outcomes(quantities.accumulate, source.replace("def place", "def other"), shown) == set()


def test_a_number_depends_on_a_quantity() -> None:
    made = outcomes(quantities.branch, "def solve(instance):\n    return 3\n", SHOWN)
    assert any('if instance["jobs"] > ' in each and each.rstrip().endswith("else 3)") for each in made)
    assert all(ast.unparse(ast.parse(each).body[0].body[0].value.body).isdigit() for each in made)  # type: ignore[attr-defined]


SHIPPED = [
    (name, baseline.path)
    for name in problem.shipped()
    for baseline in problem.load(name).baselines
    if not baseline.native
]


@pytest.mark.parametrize(("name", "path"), SHIPPED, ids=lambda value: value.stem if isinstance(value, Path) else value)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=3, deadline=None)
def test_what_is_made_parses_and_reads_known_names(name: str, path: Path, seed: int) -> None:
    source = path.read_text()
    tree, rng, shown = Tree(source), random.Random(seed), Shown.by(problem.load(name).functions)
    for site in rng.sample(list(tree.editable), min(20, len(tree.editable))):
        for maker in MAKERS:
            edit = maker(tree, site, rng, shown)
            if edit is not None:
                made = tree.replace([edit])
                assert ast.dump(ast.parse(made)) != ast.dump(ast.parse(source))
                assert free_names(made) - free_names(source) <= {
                    "abs",
                    "int",
                    "len",
                    "min",
                    "max",
                    "range",
                    "round",
                    "sorted",
                }
