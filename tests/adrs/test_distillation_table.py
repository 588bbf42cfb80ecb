"""What a problem says in [distill]: what a rule may stand for, or the name of a function that says what comes first."""

import pytest

from adrs import problem
from adrs.errors import UserError


def written(demo, text):
    file = demo / "problem.toml"
    file.write_text(f"{file.read_text()}\n[distill]\n{text}\n")
    return problem.load(str(demo))


def test_a_priority_needs_no_rule(demo):
    loaded = written(demo, 'priority = "urgency"')
    assert loaded.priority == "urgency"
    assert loaded.distillation is None


def test_without_the_table_there_is_neither(demo):
    loaded = problem.load(str(demo))
    assert (loaded.priority, loaded.distillation) == ("", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('priority = "no name"', "is no name of a function"),
        ('priority = "urgency"\nwidth = 3', "width"),
        ("window = 3", "distill.function is missing"),
    ],
)
def test_mistakes_are_named(demo, text, said):
    with pytest.raises(UserError, match=said):
        written(demo, text)


def test_of_shipped_problems():
    assert problem.load("transaction-scheduling").priority == "priority"
    assert problem.load("congestion-control").distillation is not None
