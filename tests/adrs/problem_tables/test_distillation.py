"""What a problem says in [distill]: what a rule may stand for, or the name of a function that says what comes first."""

import pytest

from adrs import problem
from adrs.errors import UserError
from adrs.problem_records import Choosing


def written(demo, text):
    file = demo / "problem.toml"
    file.write_text(f"{file.read_text()}\n[distill]\n{text}\n")
    return problem.load(str(demo))


def test_a_priority_needs_no_rule(demo):
    loaded = written(demo, 'priority = "urgency"')
    assert loaded.choosing == Choosing("urgency")
    assert loaded.distillation is None


def test_without_the_table_there_is_neither(demo):
    loaded = problem.load(str(demo))
    assert (loaded.choosing, loaded.distillation) == (Choosing(), None)


def test_what_is_known_of_items(demo):
    text = "instance['length'][item] * 2.0"
    assert written(demo, f'items = ["{text}"]').choosing.items == (text,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('priority = "no name"', "is no name of a function"),
        ('priority = "urgency"\nwidth = 3', "width"),
        ('items = ["instance[item"]', "is no expression"),
        ('items = ["instances[item]"]', 'has instances; did you mean "instance"'),
        ('items = ["3.0 * instance"]', r"has no \[item\]"),
        ('items = ["len(instance[item])"]', "must read arguments"),
        ("window = 3", "distill.function is missing"),
    ],
)
def test_mistakes_are_named(demo, text, said):
    with pytest.raises(UserError, match=said):
        written(demo, text)


def test_of_shipped_problems():
    loaded = problem.load("transaction-scheduling")
    assert loaded.choosing.function == "priority"
    assert len(loaded.choosing.items) == 1
    assert problem.load("congestion-control").distillation is not None
