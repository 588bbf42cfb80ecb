"""Keys are found where a number decides, with the numbers that they could be made of."""

from textwrap import dedent

import pytest

from adrs import problem
from adrs.distill.priority.rewrite import Program
from adrs.problem_records import Choosing

PLACEMENT = problem.load("model-placement").functions
FOUND = {
    "order = sorted(jobs, key=lambda job: length[job] * 2 + weight[job])": "length[job] * 2 + weight[job]",
    "jobs.sort(key=lambda job: -(length[job] * 2), reverse=True)": "length[job] * 2",
    "job = min(jobs, key=lambda job: (length[job] * 2, job))": "length[job] * 2",
    "job = max(jobs, key=cost)": "cost(...)",
    "job = min(jobs, key=lambda job: cost(job))": "cost(...)",
    "few = heapq.nsmallest(3, jobs, key=lambda job: length[job] * 2)": "length[job] * 2",
    "heapq.heappush(jobs, (length[0] * 2, 0))": "length[0] * 2",
    "job = min((length[job] * 2, job) for job in jobs)[1]": "length[job] * 2",
    "keys = [length[job] * 2 for job in jobs]\n    job = keys.index(min(keys))": "length[job] * 2",
    "job = np.argmin([length[job] * 2 for job in jobs])": "length[job] * 2",
    "order = np.argsort(-length * weight, axis=1)": "-length * weight",
    "job = (length * weight).argmax()": "length * weight",
    "scores = length * weight\n    order = np.argsort(-scores)": "scores",
}
NOTHING = [
    "order = sorted(jobs)",
    "order = sorted(jobs, key=lambda job: -length[job])",
    "order = sorted(jobs, key=weight.get)",
    "least = min(length[job] * 2 for job in jobs)",
    "order = np.argsort(-length)",
    "job = clock.costs(jobs).argmin()",
    "room = [1.0] * 3\n    room[0] -= 1\n    job = min(jobs, key=lambda job: room[job])",
]


def program(statement: str) -> Program:
    source = f"""
import heapq
import numpy as np
from adrs_helpers import placement as clock


def cost(job):
    left = job * 2.0
    return left + 1


def work(jobs, length, weight):
    {statement}
    return jobs


def solve(instance):
    return work([0, 1], instance["size"], instance["slo"])
"""
    return Program(source, PLACEMENT)


@pytest.mark.parametrize("statement", FOUND)
def test_what_decides_is_found(statement):
    (key,) = program(statement).keys()
    assert key.text == FOUND[statement]


@pytest.mark.parametrize("statement", NOTHING)
def test_a_number_that_is_only_passed_on_is_no_priority(statement):
    assert program(statement).keys() == []


def test_terms_are_what_the_key_reads_and_what_is_in_sight():
    source = dedent("""
        def solve(instance):
            size, free = instance["size"], [instance["memory"]] * instance["gpus"]
            for model in range(len(size)):
                scale = 2.0
                gpu = min(range(3), key=lambda gpu: abs(free[gpu] - size[model]) * math_of(gpu))
    """)
    (key,) = Program(source, PLACEMENT).keys()
    assert key.terms[:2] == ("free[gpu]", "size[model]")
    assert {"instance['slo'][model]", "instance['memory']", "scale"} <= set(key.terms)
    assert not any("solve" in term for term in key.terms)


def test_calls_of_others_are_terms_and_calls_of_its_own_functions_are_not():
    source = dedent("""
        from adrs_helpers import placement as clock

        def own(job):
            return job * 2 + 1

        def solve(instance):
            w = instance["size"]
            return sorted([0], key=lambda job: abs(w[job] - w.max()) + clock.own(w, job) + own(job))
    """)
    (key,) = Program(source, PLACEMENT).keys()
    assert key.terms[:4] == ("w[job]", "w.max()", "clock.own(w, job)", "job")
    assert "own(job)" not in key.terms


def test_what_the_problem_says_of_an_item():
    says = Choosing(items=("instance['request_rate'][item] / instance['slo'][item]", "instance['size'][item + 1]"))
    single = "def solve(instance):\n    return sorted([0], key=lambda model: len(model) * 2)\n"
    (key,) = Program(single, PLACEMENT, says).keys()
    assert "instance['request_rate'][model] / instance['slo'][model]" in key.terms
    assert "instance['size'][model + 1]" in key.terms
    (key,) = Program(single.replace("(instance)", "(shown)"), PLACEMENT, says).keys()
    assert not any("instance" in term for term in key.terms), "it is not in sight under that name"
    arrays = "import numpy as np\ndef solve(instance):\n    return np.argsort(instance['size'] * 2)\n"
    (key,) = Program(arrays, PLACEMENT, says).keys()
    assert "instance['request_rate'] / instance['slo']" in key.terms
    assert not any("item" in term for term in key.terms)


def test_a_variable_does_not_explain_itself():
    source = "def solve(instance):\n    w = instance['size'] * 2 + instance['slo']\n"
    source += "    return sorted([0], key=lambda m: w[m])\n"
    by_name = source.replace("    return", "    def key(m):\n        return -w[m]\n    return").replace(
        "lambda m: w[m]", "key"
    )
    for text in (source, by_name):
        (key,) = Program(text, PLACEMENT).keys()
        assert "instance['size'][m]" in key.terms
        assert not any(term.startswith("w") for term in key.terms)


def test_a_declared_name_is_found_in_a_loop():
    source = dedent("""
        def urgency(job, length):
            score = length[job] * 2
            return score

        def solve(instance):
            best, least = None, 1e9
            for job in range(3):
                value = urgency(job, instance["size"])
                if value < least:
                    best, least = job, value
            return best
    """)
    assert Program(source, PLACEMENT).keys() == []
    (key,) = Program(source, PLACEMENT, Choosing("urgency")).keys()
    assert key.terms[0] == "length[job]"
