"""One call a scenario where single calls may fail, and values that stay with the program, in a sandbox."""

import asyncio

import numpy as np
import pytest

from adrs import problem as problems
from adrs.evaluate.attempts import read_attempts
from adrs.evaluate.pool import LocalPool
from adrs.evaluate.rows import Rows
from adrs.evaluation import Invalid, Shared
from adrs.program import Job
from adrs.testing.policy import InProcessPolicy

PROBLEM = """
title = "Guess"

[decide]
what = "A number."

[policy]
shape = "decide"

[policy.functions.learn]
optional = true
returns = "model"
arguments = { numbers = "int64[n]" }

[policy.functions.begin]
optional = true
returns = "state"
arguments = { model = "model", start = "int" }

[policy.functions.first]
optional = true
returns = "int in 0..9"
arguments = { state = "state" }

[policy.functions.guess]
returns = ["int in 0..9", "int? in 10..20, or None"]
arguments = { model = "model", state = "state", request.value = "int", request.all = "data[entries]" }

[policy.functions.told]
optional = true
returns = "nothing"
arguments = { state = "state", answer = "int" }

[objective]
metric = "total"
direction = "maximize"

[evaluator]
class = "evaluator:Guess"

[limits]
decision_seconds = 10.0
literals_kb = 1

[workloads]
train = [{ family = "one", seeds = [1] }]

[programs]
seed = "seed.py"
trivial = "seed.py"
"""
EVALUATOR = """
import numpy as np
from adrs.evaluation import Evaluator, Failed, Metrics, Shared


class Guess(Evaluator[int]):
    def load(self, spec):
        return 4

    def evaluate(self, policy, workload, spec):
        policy.reset(1, workload)
        policy.call("learn", np.arange(3))
        policy.map("begin", np.arange(workload))
        first = [policy.map("first"), policy.call("first")]
        columns = {"value": np.arange(workload), "all": Shared([{"a": 1}, None])}
        found = policy.attempt("guess", columns, seconds=0.2, most_failures=2)
        policy.attempt("told", np.arange(workload))
        again = policy.attempt("guess", {"value": np.array([7]), "all": Shared([])}, scenarios=[2], most_failures=1)
        if not found.complete:
            raise Failed("error", found.failures[-1].reason)
        numbers, budgets = found.answers if found.answers is not None else ([], [])
        return Metrics(
            total=sum(numbers), budgets=sum(budget or 0 for budget in budgets), failed=(~found.succeeded).sum(),
            first=-1 if first[0] is None else first[0].sum(), one=-1 if first[1] is None else first[1],
            again=-1 if again.answers is None else again.answers[0][0],
        )
"""
SEED = """
def guess(model, state, request):
    return 1, None
"""


@pytest.fixture(scope="module")
def guess(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guess")
    for name, text in (("problem.toml", PROBLEM), ("evaluator.py", EVALUATOR), ("seed.py", SEED)):
        (folder / name).write_text(text)
    return problems.load(str(folder))


KEEPS = """
def learn(numbers):
    return lambda value: value + int(numbers.sum())

def begin(model, start):
    return {"sum": start}

def first(state):
    return state["sum"]

def guess(model, state, request):
    assert request["all"] in ([{"a": 1}, None], [])
    return min(9, model(state["sum"])), 10

def told(state, answer):
    state["sum"] += answer
"""
PROGRAMS = {
    "nothing for an answer": (SEED + "def first(state):\n    return None\n", "invalid", "first"),
    "the seed": (SEED, "ok", {"total": 4, "budgets": 0, "failed": 0, "first": -1, "one": -1, "again": 1}),
    "keeps model and state": (
        KEEPS, "ok", {"total": 3 + 4 + 5 + 6, "budgets": 40, "failed": 0, "first": 6, "one": 0, "again": 7}
    ),
    "fails once": (
        "def guess(model, state, request):\n    return 6 // request['value'], None", "ok",
        {"total": 6 + 3 + 2, "failed": 1, "again": 0},
    ),
    "hangs once": (
        "def guess(model, state, request):\n    while request['value'] == 1:\n        pass\n    return 2, None", "ok",
        {"total": 6, "failed": 1},
    ),
    "hangs again once it is told": (
        "def guess(model, state, request):\n    try:\n        while request['value'] == 1:\n            pass\n"
        "    except BaseException:\n        while True:\n            pass\n    return 2, None", "ok",
        {"total": 6, "failed": 1},
    ),
    "fails always": ("def guess(model, state, request):\n    raise KeyError('labels')", "error", "KeyError"),
    "a lone number": ("def guess(model, state, request):\n    return 1", "invalid", "tuple"),
    "a truth value": ("def guess(model, state, request):\n    return True, None", "invalid", "guess[0]"),
    "a budget that is too small": ("def guess(model, state, request):\n    return 1, 5", "invalid", "outside 10..20"),
    "a scalar of numpy": (
        "import numpy\ndef guess(model, state, request):\n    return numpy.int64(1), None", "invalid", "int64"
    ),
    "an integer of its own": (
        "class Lie(int):\n    pass\ndef guess(model, state, request):\n    return Lie(1), None", "invalid", "Lie"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def results(guess):
    async def evaluate_all():
        pool = LocalPool(guess, 1)
        await pool.start()
        try:
            return {name: await pool.evaluate(Job(source, "train")) for name, (source, *_) in PROGRAMS.items()}
        finally:
            await pool.close()

    return asyncio.run(evaluate_all())


@pytest.mark.parametrize("name", PROGRAMS)
def test_single_calls_may_fail_and_answers_are_checked(results, name):
    _, verdict, expected = PROGRAMS[name]
    assert results[name].verdict == verdict, results[name].reason
    if verdict == "ok":
        assert {key: results[name].metrics[key] for key in expected} == expected
    else:
        assert expected in results[name].reason


def test_a_policy_in_process_does_the_same(guess):
    policy = InProcessPolicy(guess, KEEPS)
    policy.reset(1, 2)
    policy.call("learn", np.arange(3))
    policy.map("begin", np.array([0, 1]))
    found = policy.attempt("guess", {"value": np.array([0, 0]), "all": Shared([])})
    assert found.answers[0].tolist() == [3, 4]
    assert found.answers[1] == [10, 10]
    assert found.succeeded.all()
    assert policy.map("first").tolist() == [0, 1]
    assert InProcessPolicy(guess, SEED).map("first") is None
    assert InProcessPolicy(guess, SEED).call("first") is None
    lone = InProcessPolicy(guess, "def guess(model, state, request):\n    return 1\n")
    with pytest.raises(Invalid, match="tuple"):
        lone.attempt("guess", {"value": np.array([0]), "all": Shared([])})


def test_a_process_cannot_leave_out_calls_that_it_does_not_say_failed(guess):
    rows = Rows(guess.functions["guess"], [{"value": np.arange(3), "all": Shared([])}], 3)
    failed = [0, "error", "no"]
    given_up = read_attempts(rows, [[], [failed], np.zeros(1)], most_failures=0)
    assert (given_up.complete, given_up.succeeded.any()) == (False, False)
    for answers, failures in (([], []), ([[1, None]], [failed])):
        with pytest.raises(Invalid, match="not a well-formed answer"):
            read_attempts(rows, [answers, failures, np.zeros(len(answers) + len(failures))], most_failures=1)
