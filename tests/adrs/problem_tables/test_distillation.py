"""What a problem says in [distill]: what a rule may stand for, or the name of a function that says what comes first."""

import shutil
from pathlib import Path

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


VALVE = Path(__file__).parents[1] / "distill" / "valve"


def valve_with(folder, arguments, returns="float"):
    shutil.copytree(VALVE, folder / "valve")
    file = folder / "valve" / "problem.toml"
    head, rest = file.read_text().split("[policy.functions.valve]")
    table = rest[rest.index("[distill]") :]
    file.write_text(f"""{head}[policy.functions.valve]
returns = "{returns}"

[policy.functions.valve.arguments]
{arguments}

{table}""")
    return problem.load(str(folder / "valve"))


def test_a_function_without_a_state_is_told_what_to_declare(tmp_path):
    with pytest.raises(UserError) as refused:
        valve_with(tmp_path, 'observation = "float[8]"')
    assert str(refused.value).endswith(
        "distill.function = valve takes no state, in which a rule keeps its history: put state = "
        '"state" last into [policy.functions.valve.arguments], so that programs define valve(observation, state)'
    )


@pytest.mark.parametrize(
    ("arguments", "returns", "said"),
    [
        ('state = "state"\nobservation = "float[8]"', "float", "it takes state, float[8] and returns float"),
        ('observation = "float[9]"\nstate = "state"', "float", "it takes float[9], state and returns float"),
        ('observation.error = "float"\nstate = "state"', "float", "it takes a dict, state and returns float"),
        ('observation = "float[8]"', "int", "it takes float[8] and returns int"),
    ],
)
def test_a_function_that_no_rule_fits_is_told_what_a_rule_takes(tmp_path, arguments, returns, said):
    with pytest.raises(UserError) as refused:
        valve_with(tmp_path, arguments, returns)
    assert "which is 4 intervals of 2 features, then its state, and return a float" in str(refused.value)
    assert str(refused.value).endswith(said)


def test_a_rule_cannot_stand_for_one_of_two_functions(tmp_path):
    more = '\n[policy.functions.begin]\nreturns = "nothing"\n[policy.functions.begin.arguments]\nstate = "state"'
    with pytest.raises(UserError, match=r"must be the only one .+ there is begin as well"):
        valve_with(tmp_path, f'observation = "float[8]"\nstate = "state"\n{more}')


def test_of_shipped_problems():
    loaded = problem.load("transaction-scheduling")
    assert loaded.choosing.function == "priority"
    assert len(loaded.choosing.items) == 1
    assert problem.load("congestion-control").distillation is not None
