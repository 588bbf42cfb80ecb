"""The program that records answers as before, and what it writes down is what it chose by."""

from textwrap import dedent

import numpy as np
import pytest

from adrs import problem
from adrs.distill.priority import recorder
from adrs.distill.priority.rewrite import Program

PLACEMENT = problem.load("model-placement").functions
GREEDY = dedent('''
    """Greedy."""
    from __future__ import annotations

    import numpy as np


    def solve(instance):
        size, free, chosen = instance["size"], [8.0, 8.0, 8.0], []
        for model in range(len(size)):
            gpu = {choice}
            free[gpu] -= size[model]
            chosen.append(gpu)
        return chosen


    def cost(gpu, free, size):
        if free < size:
            return 100.0 + gpu
        left = free - size
        return -left
''')
CHOICES = {
    "lambda": "max(range(3), key=lambda gpu: free[gpu] - size[model])",
    "function": "min(range(3), key=lambda gpu: cost(gpu, free[gpu], size[model]))",
    "decorated": "max((free[gpu] - size[model], -gpu) for gpu in range(3))[1] * -1",
    "argmax": "int(np.argmax([free[gpu] - size[model] for gpu in range(3)]))",
}
INSTANCE = {"size": [3.0, 2.0, 1.0, 4.0], "gpus": 3, "memory": 8.0, "slo": [1.0] * 4, "request_rate": [1.0] * 4}


def run(source):
    space = {}
    exec(compile(source, "program.py", "exec"), space)
    return space, space["solve"](INSTANCE)


@pytest.mark.parametrize("way", CHOICES)
def test_recorded_rows_are_what_it_chose_by(way):
    program = Program(GREEDY.replace("{choice}", CHOICES[way]), PLACEMENT)
    (key,) = program.keys()
    _, expected = run(program.source)
    space, answer = run(program.recorded(key))
    assert answer == expected
    rows = space["adrs_choices"](50, len(key.terms))
    known = rows["group"] >= 0
    assert known.sum() == 12
    assert np.array_equal(rows["group"][known], np.repeat(np.arange(4), 3))
    names = ("free", "size") if way == "function" else ("free[gpu]", "size[model]")
    free, size = (rows["terms"][known][:, key.terms.index(name)] for name in names)
    assert np.allclose(rows["value"][known], (size - free) if way == "function" else (free - size))
    assert space["adrs_choices"](50, len(key.terms))["group"].max() == -1, "rows are given once"


@pytest.mark.parametrize("way", CHOICES)
def test_another_number_takes_the_place_of_the_key(way):
    program = Program(GREEDY.replace("{choice}", CHOICES[way]), PLACEMENT)
    (key,) = program.keys()
    place = key.terms.index("size" if way == "function" else "size[model]")
    _, answer = run(program.replaced(key, lambda terms: terms[place]))
    assert answer == [0, 0, 0, 0], "all are equal, so the first is taken"


def test_arrays_are_choices_along_their_axis():
    source = "import numpy as np\ndef solve(instance):\n    size, slo = instance\n"
    source += "    return np.argsort(-size / slo, axis=1)\n"
    program = Program(source, PLACEMENT)
    (key,) = program.keys()
    space = {}
    exec(program.recorded(key), space)
    size, slo = np.arange(1.0, 7.0).reshape(2, 3), np.array([[2.0], [4.0]])
    order = space["solve"]((size, slo))
    rows = space["adrs_choices"](6, len(key.terms))
    assert np.array_equal(order, np.argsort(-size / slo, axis=1))
    assert rows["group"].tolist() == [0, 0, 0, 1, 1, 1]
    assert np.allclose(rows["value"], (-size / slo).ravel())
    assert np.allclose(rows["terms"][:, key.terms.index("slo")], [2.0] * 3 + [4.0] * 3)


def test_a_call_is_made_once_when_it_is_recorded():
    source = dedent("""
        import random


        def solve(instance):
            return sorted(range(4), key=lambda item: random.random() * 2 + item)
    """)
    program = Program(source, PLACEMENT)
    (key,) = program.keys()
    space = {}
    exec(program.recorded(key), space)
    space["random"].seed(3)
    again = space["solve"](None)
    plain = {}
    exec(source, plain)
    plain["random"].seed(3)
    assert plain["solve"](None) == again


def test_long_choices_and_many_are_thinned_evenly():
    kept = recorder.AdrsRecorder(most_rows=60, most_items=10)
    for choice in range(50):
        kept.begin()
        for item in range(7 if choice else 1000):
            row = kept.enter(1, lambda place, item=item: item)
            kept.seen(row, float(item))
    rows = kept.taken(60, 1)
    groups, counts = np.unique(rows["group"][rows["group"] >= 0], return_counts=True)
    assert len(groups) > 3
    assert counts.max() <= 11
    assert (counts[1:] == 7).all(), "choices are kept whole"


def test_what_is_no_number_is_no_term():
    kept = recorder.AdrsRecorder()
    kept.begin()
    for item in range(3):
        terms = [item, "1", None, float("nan"), [1], 10**400, True, np.float32(item)]
        kept.seen(kept.enter(len(terms), lambda place, terms=terms: terms[place]), item)
    rows = kept.taken(5, 8)
    assert rows["usable"].tolist() == [True, False, False, False, False, False, True, True]
    assert np.isfinite(rows["terms"]).all()
    assert rows["group"].tolist() == [0, 0, 0, -1, -1]


def test_items_without_a_finite_place_in_the_order():
    kept = recorder.AdrsRecorder()
    kept.begin()
    for value in (1.0, float("inf"), float("nan"), "text"):
        kept.seen(kept.enter(0, lambda place: None), value)
    rows = kept.taken(4, 0)
    assert rows["group"].tolist() == [0, 0, -1, -1]
    assert rows["value"][1] == 1e300
