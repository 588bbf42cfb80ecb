"""Batches of calls behind the trust line and in process: each answer is held to the sizes of its own scenario."""

from dataclasses import replace

import numpy as np
import pytest

from adrs.evaluate.policy import SandboxedPolicy
from adrs.evaluation import Invalid, Shared
from adrs.interface import FunctionType, parse_type
from adrs.testing.policy import InProcessPolicy


def _type(said):
    if isinstance(said, dict):
        return {key: parse_type(text, key) for key, text in said.items()}
    return tuple(parse_type(text, "f") for text in said) if isinstance(said, list) else parse_type(said, "f")


@pytest.fixture(params=["behind the line", "in process"])
def start(request, zygote, shapes):
    """What makes a policy of one function `f`."""
    started = []

    def policy(returns, arguments, source, scenarios):
        functions = {
            "f": FunctionType("f", "", {name: _type(said) for name, said in arguments.items()}, _type(returns))
        }
        if request.param == "in process":
            made = InProcessPolicy(replace(shapes, functions=functions), source)
        else:
            made = SandboxedPolicy(zygote, functions, shapes.limits)
            started.append(made)
            made.load(source)
        made.reset(1, scenarios)
        return made

    yield policy
    for made in started:
        made.close()


@pytest.fixture(params=["map", "attempt"])
def ask(request, start):
    """What asks for a batch of a function `f`."""

    def answers(returns, arguments, source, *columns, scenarios=2):
        policy = start(returns, arguments, source, scenarios)
        found = getattr(policy, request.param)("f", *columns)
        return found if request.param == "map" else found.answers

    return answers


PICK = {"n": "int"}
BY_NUMBER = [
    ("int in 0..n-1", "{}"),
    (["int in 0..n-1", "float"], "({}, 1.0)"),
    ({"which": "int in 0..n-1", "sure": "bool"}, "{{'which': {}, 'sure': True}}"),
    ("int? in 0..n-1", "{}"),
    ("int64[2] in 0..n-1", "[0, {}]"),
]


@pytest.mark.parametrize(("returns", "answer"), BY_NUMBER)
def test_an_answer_is_held_to_the_range_of_its_own_scenario(ask, returns, answer):
    with pytest.raises(Invalid, match=r"row 1: f.*\b4\b.* is outside 0\.\.1"):
        ask(returns, PICK, f"def f(n): return {answer.format(4)}", np.array([5, 2]))
    ask(returns, PICK, f"def f(n): return {answer.format('n - 1')}", np.array([2, 5]))
    ask(returns, {"r": PICK}, f"def f(r): return {answer.format('''r['n'] - 1''')}", {"n": np.array([2, 5])})


BY_LENGTH = [
    ("data[n]", [[1], [1, 2, 3]]),
    ("str[n]", [["a"], ["a", "b", "c"]]),
    ("float[n]", [[1.0], [1.0, 2.0, 3.0]]),
    ("float[n]", [np.ones(1), np.ones(3)]),
    ("float64[n]", [np.ones(1), np.ones(3)]),
    ("float64[n, 2]", [np.ones((1, 2)), np.ones((3, 2))]),
]


@pytest.mark.parametrize(("argument", "rows"), BY_LENGTH)
def test_lengths_of_arguments_count_as_numbers_do(ask, argument, rows):
    kinds, answer = {"w": argument}, "int in 0..n-1"
    assert ask(answer, kinds, "def f(w): return len(w) - 1", rows).tolist() == [0, 2]
    assert ask(answer, {"r": kinds}, "def f(r): return len(r['w']) - 1", {"w": rows}).tolist() == [0, 2]
    with pytest.raises(Invalid, match=r"row 1: f returned 2, which is outside 0\.\.0"):
        ask(answer, kinds, "def f(w): return 2", rows[::-1])


def test_dicts_may_come_one_by_one(ask):
    rows = [{"n": 2, "w": np.ones(1)}, {"n": 5, "w": np.ones(3)}]
    source = "def f(r): return r['n'] - r['w'].index(1.0)"
    assert ask("int in m..n", {"r": {"n": "int", "w": "float[m]"}}, source, rows).tolist() == [2, 5]


def test_answers_of_differing_shapes_come_as_a_list(ask):
    source = "import numpy as np\ndef f(n): return np.arange(n)"
    one, three = ask("int64[n] in 0..n-1", PICK, source, np.array([1, 3]))
    assert (one.tolist(), three.tolist()) == ([0], [0, 1, 2])
    record = ask({"a": "float[n]", "b": "str[n]"}, PICK, "def f(n): return {'a': [0.5] * n, 'b': ['x'] * n}", [1, 3])
    assert [row.tolist() for row in record["a"]] == [[0.5], [0.5] * 3]
    assert record["b"] == [["x"], ["x"] * 3]
    with pytest.raises(Invalid, match=r"row 1: f returned shape \[1\], expected \[3\]"):
        ask("float64[n]", PICK, "def f(n): return [1.0]", np.array([1, 3]))


def test_large_batches_are_held_to_their_own_sizes_as_small_ones_are(ask):
    numbers = np.arange(1, 101)
    record = {"which": "int in 0..n-1", "sure": "bool", "much": "float in 0..n"}
    found = ask(record, PICK, "def f(n): return dict(which=n - 1, sure=True, much=float(n))", numbers, scenarios=100)
    assert found["which"].tolist() == (numbers - 1).tolist()
    assert found["sure"].dtype == bool
    with pytest.raises(Invalid, match="row 50: f"):
        ask("int in 0..n-1", PICK, "def f(n): return n if n == 51 else 0", numbers, scenarios=100)


def test_answers_of_one_kind_may_be_written_in_several_ways(ask):
    source = "import numpy as np\ndef f(n, way): return [[1.0, 2], np.ones(n), np.ones(n, 'f4')][way]"
    answers = ask("float64[n]", {"n": "int", "way": "int"}, source, 2, np.arange(3), scenarios=3)
    assert answers.tolist() == [[1.0, 2.0], [1.0, 1.0], [1.0, 1.0]]
    assert ask("float64[n]", PICK, "import numpy as np\ndef f(n): return np.ones(n)", np.array([2, 2])).shape == (2, 2)


@pytest.mark.parametrize("returns", ["int in 0..n", {"a": "int in 0..n"}])
@pytest.mark.parametrize("numbers", [[3, 3], [3, 4]])
def test_what_is_no_answer_is_invalid_whatever_the_sizes(ask, returns, numbers):
    for answer in ("None", "{}", "{'a': {'b': 1}}", "{'b': 1}", "[]", "'a'", "(1, 2)"):
        with pytest.raises(Invalid, match=r"^type: row 0: f"):
            ask(returns, PICK, f"def f(n): return {answer}", np.array(numbers))


def test_no_scenarios_are_no_answers(start):
    policy = start(["int in 0..n", "float64[n]"], PICK, "def f(n): return n, [0.0] * n", 2)
    numbers, lists = policy.map("f", np.zeros(0, dtype=np.int64), scenarios=[])
    assert len(numbers) == len(lists) == 0


def test_failed_calls_leave_the_sizes_of_the_others_alone(start):
    source = "def f(n):\n    assert n != 7\n    return n - 1"
    found = start("int in 0..n-1", PICK, source, 4).attempt("f", np.array([3, 7, 5, 2]), most_failures=1)
    assert found.answers.tolist() == [2, 4, 1]
    assert [failure.row for failure in found.failures] == [1]
    with pytest.raises(Invalid, match=r"row 2: f returned 4, which is outside 0\.\.2"):
        start("int in 0..n-1", PICK, "def f(n): return 4 // (n != 7)", 3).attempt("f", [8, 7, 3], most_failures=1)


def test_what_is_shared_has_one_size(start):
    columns = {"n": Shared(3), "all": Shared([1, 2]), "way": np.arange(2)}
    source = "def f(r): return r['n'] + r['way'] - 1"
    kinds = {"n": "int", "all": "data[m]", "way": "int"}
    with pytest.raises(Invalid, match=r"row 1: f returned 3, which is outside 0\.\.2"):
        start("int in 0..n-1", {"r": kinds}, source, 2).attempt("f", columns)
    assert start("int in m..n+m", {"r": kinds}, source, 2).attempt("f", columns).answers.tolist() == [2, 3]


def test_arguments_arrive_as_copies_of_the_declared_kind(ask):
    rows = np.ones((2, 2))
    source = (
        "def f(w, v, n):\n    v[0] += 1\n    assert (type(w), type(n)) == (list, int)\n    return float(w[0] + v[0])"
    )
    kinds = {"w": "float[2]", "v": "float64[2]", "n": "int"}
    assert ask("float", kinds, source, rows, rows, np.int64(3)).tolist() == [3.0, 3.0]
    assert rows.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_rows_that_contradict_the_interface_are_the_evaluators_fault(ask):
    kinds = {"n": "int", "w": "float64[n]"}
    with pytest.raises(ValueError, match="w: n is 1 here and 3 before"):
        ask("int in 0..n-1", kinds, "def f(n, w): return 0", np.array([3, 3]), [np.ones(3), np.ones(1)])
    with pytest.raises(ValueError, match=r"^r must have the fields n, not m$"):
        ask("int", {"r": PICK}, "def f(r): return 0", {"m": np.array([3, 3])})
