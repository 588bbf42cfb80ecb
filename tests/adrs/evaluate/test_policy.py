"""A program behind the trust line, called as an evaluator calls it."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from adrs.evaluate.harness import PolicyFailure
from adrs.evaluate.policy import SandboxedPolicy
from adrs.evaluation import Invalid
from adrs.sandbox.inside import wire
from adrs.testing.policy import InProcessPolicy


@pytest.fixture
def load(zygote, shapes):
    with contextlib.ExitStack() as stack:

        def start(source=None, **changed):
            policy = SandboxedPolicy(zygote, shapes.functions, shapes.limits)
            stack.callback(policy.close)
            policy.load(source or _program(**changed))
            return policy

        yield start


def _program(**changed):
    """The seed program with some functions replaced by a lambda's text."""
    source = (Path(__file__).parent / "shapes" / "seed.py").read_text()
    return source + "".join(f"\n{name} = {text}\n" for name, text in changed.items())


def test_a_call_sends_arrays_and_keeps_the_state_at_home(load):
    policy = load()
    policy.reset(1)
    history = np.array([1.0, 2.0])
    assert [policy.call("decide", 0.0, history, 5) for _ in range(3)] == [1, 2, 3]
    assert history[0] == 1.0
    assert policy.seconds > 0


def test_records_and_texts(load):
    policy = load()
    answer = policy.call("spread", {"servers": 3, "speeds": np.array([3.0, 1.0, 4.0])})
    np.testing.assert_allclose(answer["shares"], [0.375, 0.125, 0.5])
    assert answer["order"].tolist() == [1, 0, 2]
    assert policy.call("label", ["a", "ß"]) == ["A", "SS"]


@pytest.mark.parametrize("stand_in", [False, True])
def test_a_map_of_other_length_says_where_the_number_of_scenarios_comes_from(load, shapes, stand_in):
    policy = InProcessPolicy(shapes, shapes.seed.read_text()) if stand_in else load()
    policy.reset(7)
    with pytest.raises(ValueError, match=r"has 3 rows, and 1 scenario is asked: policy.reset\(seed, scenarios\) says"):
        policy.map("decide", np.zeros(3), np.ones((3, 4)), 10)
    policy.reset(7, scenarios=3)
    with pytest.raises(ValueError, match=r"has 3 rows, and 2 scenarios are asked.*the argument scenarios which"):
        policy.map("decide", np.zeros(3), np.ones((3, 4)), 10, scenarios=[0, 1])


@pytest.mark.parametrize("stand_in", [False, True])
def test_calls_that_the_interface_does_not_know_are_one_sentence(load, shapes, stand_in):
    policy = InProcessPolicy(shapes, shapes.seed.read_text()) if stand_in else load()
    policy.reset(7)
    for call in (policy.call, policy.map, policy.attempt):
        with pytest.raises(ValueError, match=r'^the interface has no function "dcide"; did you mean "decide"\?$'):
            call("dcide", 1.0)
    with pytest.raises(ValueError, match=r"^decide is called with 1 arguments; the interface says: load, history"):
        policy.call("decide", 1.0)
    with pytest.raises(ValueError, match=r"^machine must have the fields servers, speeds, not server, speeds$"):
        policy.call("spread", {"server": 3, "speeds": np.ones(3)})
    with pytest.raises(ValueError, match=r"^machine must be a dict with the fields servers, speeds, not a list of 2$"):
        policy.call("spread", [3, 1])


def test_a_map_asks_every_scenario_with_its_own_state(load):
    policy = load()
    policy.reset(7, scenarios=3)
    loads, history = np.array([0.0, 1.0, 2.0]), np.ones((3, 4))
    first = policy.map("decide", loads, history, 10)
    second = policy.map("decide", loads, history, 10)
    assert first.tolist() == [1, 2, 3]
    assert second.tolist() == [2, 3, 4]
    assert first.dtype == np.int64


def test_a_map_may_ask_some_scenarios_in_any_order(load):
    policy = load()
    policy.reset(7, scenarios=3)
    assert policy.map("decide", np.array([0.0, 1.0]), np.ones((2, 4)), 10, scenarios=[2, 0]).tolist() == [1, 2]
    assert policy.map("decide", np.zeros(3), np.ones((3, 4)), 10).tolist() == [2, 1, 2]


def test_a_map_of_records_is_stacked(load):
    policy = load()
    policy.reset(7, scenarios=2)
    machines = {"servers": 3, "speeds": np.array([[1.0, 1.0, 2.0], [2.0, 1.0, 1.0]])}
    answer = policy.map("spread", machines)
    assert answer["shares"].shape == (2, 3)
    assert answer["order"].shape == (2, 3)


def test_a_range_that_differs_between_scenarios_holds_for_each(load):
    policy = load(decide="lambda load, history, state, slots: 3")
    policy.reset(7, scenarios=2)
    history = np.ones((2, 4))
    assert policy.map("decide", np.zeros(2), history, np.array([4, 5])).tolist() == [3, 3]
    with pytest.raises(Invalid, match="range"):
        policy.map("decide", np.zeros(2), history, np.array([4, 3]))


def test_the_sandbox_answers_as_the_stand_in_does(load, shapes):
    policy, stand_in = load(), InProcessPolicy(shapes, shapes.seed.read_text())
    for other in (policy, stand_in):
        other.reset(3, scenarios=2)
    arguments = (np.array([0.5, 7.5]), np.ones((2, 4)), 5)
    np.testing.assert_array_equal(policy.map("decide", *arguments), stand_in.map("decide", *arguments))
    for other in (policy, stand_in):
        other.reset(11)
    np.testing.assert_array_equal(policy.call("draw"), stand_in.call("draw"))


def test_seeds_decide_the_draws(load):
    policy = load()
    draws = []
    for seed in (5, 5, 6):
        policy.reset(seed)
        draws.append(policy.call("draw").tolist())
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]


def test_draws_before_any_seed_repeat_as_well(load):
    source = _program(draw="lambda: [first, second, 0.0]") + "first, second = random.random(), np.random.random()\n"
    assert load(source).call("draw").tolist() == load(source).call("draw").tolist()


def test_restart_forgets_and_says_what_it_cost(load):
    policy = load()
    policy.reset(1)
    history = np.array([1.0, 2.0])
    assert policy.call("decide", 0.0, history, 5) == 1
    assert policy.restart() > 0
    assert policy.call("decide", 0.0, history, 5) == 1


def test_echo_takes_time_and_changes_nothing(load):
    policy = load()
    assert policy.echo(np.zeros(1000), {"a": [1, 2]}) > 0
    assert policy.call("label", ["a"]) == ["A"]


def test_errors_tell_type_message_line_and_scenario(load):
    policy = load(decide="lambda load, history, state, slots: int(1 / (load - 1.0))")
    policy.reset(1, scenarios=3)
    with pytest.raises(PolicyFailure, match=r"ZeroDivisionError: .*line \d+, scenario 1") as caught:
        policy.map("decide", np.arange(3.0), np.ones((3, 4)), 5)
    assert caught.value.verdict == "error"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("lambda load, history, state, slots: slots", "range"),
        ("lambda load, history, state, slots: 1.5", "dtype"),
        ("lambda load, history, state, slots: True", "dtype"),
        ("lambda load, history, state, slots: None", "type"),
        ("lambda load, history, state, slots: 2**80", "range"),
        ("lambda load, history, state, slots: 1j", "dtype"),
    ],
)
def test_one_bad_answer_among_many_is_found(load, text, rule):
    policy = load(decide=f"lambda load, *rest: 0 if load < 2 else ({text})(load, *rest)")
    policy.reset(1, scenarios=4)
    with pytest.raises(Invalid) as caught:
        policy.map("decide", np.arange(4.0), np.ones((4, 4)), 5)
    assert caught.value.rule == rule


def test_a_function_that_is_missing_is_an_error_of_loading(load):
    with pytest.raises(PolicyFailure, match="NameError: function decide is not defined"):
        load("x = 1\n")


def test_programs_find_themselves(load):
    source = _program() + (
        "import inspect\nfrom dataclasses import dataclass\n\n@dataclass\nclass Point:\n    x: float = 1.0\n\n"
        "def label(names):\n    return [inspect.getsource(Point).split()[1] for _ in names]\n"
    )
    assert load(source).call("label", ["a"]) == ["class"]


def test_large_values_cross_both_ways(load):
    policy = load()
    speeds = np.random.default_rng(0).random(100_000) + 0.1
    answer = policy.call("spread", {"servers": len(speeds), "speeds": speeds})
    np.testing.assert_array_equal(answer["order"], np.argsort(speeds))


def test_answers_have_a_limit_besides_the_elements_of_arrays(load, monkeypatch):
    monkeypatch.setattr(wire, "VALUE_LIMIT", 10_000)
    policy = load()
    answer = policy.call("spread", {"servers": 10_000, "speeds": np.ones(10_000)})
    assert len(answer["order"]) == 10_000
    with pytest.raises(Invalid, match="the limit is 10000"):
        policy.call("label", ["x" * 10_000])


def test_output_does_not_block_large_answers(load):
    source = _program() + (
        "def label(names):\n    for name in names:\n        print('x' * 1000)\n    return names\n"
    )  # fmt: skip
    policy = load(source)
    names = [f"{'n' * 100}{number}" for number in range(2000)]
    assert policy.call("label", names) == names
    policy.close()
    assert policy.output.startswith("xxx")
    assert len(policy.output) < 4096


def test_an_evaluator_that_breaks_the_interface_is_told(load):
    policy = load()
    with pytest.raises(ValueError, match="axes"):
        policy.call("decide", 0.0, np.ones((2, 2)), 5)
    policy.reset(1, scenarios=3)
    with pytest.raises(ValueError, match="2 rows"):
        policy.map("decide", np.zeros(2), np.ones((2, 4)), 5)
