"""Crossover of functions, constants and holes."""

import random
from pathlib import Path

import pytest

from adrs.program import Brief, Evaluation, Program, WorkloadResult
from adrs.propose.embedded.archive import Archive
from adrs.propose.embedded.crossover import Crossover
from adrs.propose.embedded.functions import Transplant
from adrs.propose.embedded.template import Template

RECIPIENT = """import math


def solve(x):
    return combine(rank(x), 2)


def rank(x):
    return sorted(x)


def combine(x, n):
    return x[:n]
"""
DONOR = """from statistics import mean

FACTOR = 3


def centre(x):
    return mean(x) * FACTOR


@staticmethod
def rank(x):
    \"\"\"From the middle out.\"\"\"
    return sorted(x, key=lambda y: abs(y - centre(x)))


def combine(x, count):
    return x[count:]


def solve(x):
    return combine(rank(x), 2)
"""


def program(number: int, source: str, fitness: float | None = 1.0, **detail: object) -> Program:
    evaluation = Evaluation("train", "full", "ok", fitness=fitness)
    return Program(number, source, "", evaluation=evaluation, detail=detail)


def test_what_a_function_needs_comes_along() -> None:
    transplant = Transplant(RECIPIENT, DONOR, ["solve"])
    assert transplant.names() == ["rank"]
    source = transplant.source_with("rank")
    assert source is not None
    scope: dict = {}
    exec(source.replace("@staticmethod\n", ""), scope)
    assert scope["solve"]([1.0, 2.0, 30.0]) == [30.0, 2.0]
    assert source.index("FACTOR = 3") < source.index("def centre") < source.index("@staticmethod\ndef rank")
    assert source.count("def rank") == 1


@pytest.mark.parametrize(
    "made",
    ["C, D = 3, 4", "if True:\n    C = 3", "try:\n    from nowhere import C\nexcept ImportError:\n    C = 3",
     "CS = []\nCS.append(3)\nC = CS[0]", "CS = {}\nfor key in 'ab':\n    CS[key] = 3\nC = CS['a']"],
)  # fmt: skip
def test_what_is_made_by_whatever_statement_comes_along(made: str) -> None:
    ours = "A, B = 1, 2\n\n\ndef help(x):\n    return x\n\n\ndef solve(x):\n    return help(x)\n"
    donor = f"{made}\n\n\ndef help(x):\n    return x * C\n\n\ndef solve(x):\n    return help(x) + 1\n"
    source = Transplant(ours, donor, ["solve"]).source_with("help")
    assert source is not None
    scope: dict = {}
    exec(source, scope)
    assert scope["solve"](2) == 6
    if made.startswith("C, D"):
        assert Transplant(ours.replace("A, B", "A, D"), donor, ["solve"]).source_with("help") is None


def test_a_function_does_not_meet_a_helper_of_other_arguments() -> None:
    ours = "def solve(x):\n    return emptiest(x, 1)\n\n\ndef emptiest(loads, memory):\n    return 0\n"
    donor = "def solve(x):\n    return emptiest(x) + 1\n\n\ndef emptiest(loads):\n    return 0\n"
    assert Transplant(ours, donor, ["solve"]).names() == ["solve"]
    assert Transplant(ours, donor, ["solve"]).source_with("solve") is None
    alike = donor.replace("emptiest(loads)", "emptiest(loads, memory)").replace("return 0", "return 2")
    assert Transplant(ours, alike, ["solve"]).source_with("solve") is not None


def test_the_donor_over_again_is_no_crossover() -> None:
    lone = "def solve(x):\n    return x\n"
    other = "def helper(x):\n    return -x\n\n\ndef solve(x):\n    return helper(x)\n"
    transplant = Transplant(lone, other, ["solve"])
    assert transplant.names() == ["solve"]
    assert transplant.source_with("solve") is None


def test_functions_that_are_not_used_are_not_exchanged() -> None:
    unused = "def solve(x):\n    return x\n\n\ndef rank(x):\n    return 0\n"
    assert "rank" not in Transplant(unused, DONOR, ["solve"]).names()


def test_constants_are_mixed_where_functions_are_alike() -> None:
    ours = program(1, "def solve(x):\n    gain = 0.5\n    return gain * x\n")
    theirs = program(2, "def solve(x):\n    gain = 0.75\n    return gain * x * x\n")
    idea = Crossover({}, ["solve"]).think(Brief(3, 0, ours, (theirs,)), Archive(), random.Random(1))
    assert idea is not None
    assert "gain 0.5 -> " in idea.rationale
    assert [(parent.id, parent.role) for parent in idea.parents] == [(1, "parent"), (2, "crossover")]


@pytest.mark.parametrize("other", ["", "    limit = 2.0 * limit\n"], ids=["same structure", "another one"])
def test_a_number_is_mixed_with_the_one_in_its_place_and_not_with_another_of_that_name(other: str) -> None:
    source = "def solve(x, y):\n    score = 0.7 * x + 0.3 * y\n    limit = 5.0\n    return score - limit\n"
    partner = source.replace("5.0", "9.0").replace("    return", f"{other}    return")
    brief = Brief(3, 0, program(1, source), (program(2, partner),))
    mixed = {
        idea.source
        for seed in range(20)
        if (idea := Crossover({}, ["other"]).think(brief, Archive(), random.Random(seed)))
    }
    assert {each for each in mixed if "0.7 * x + 0.3 * y" not in each} == set()
    assert source.replace("5.0", "7.0") in mixed


def test_holes_of_one_block_are_mixed(tmp_path: Path) -> None:
    path = tmp_path / "block.py"
    path.write_text(
        "from adrs_helpers.blocks import integer\ndef solve(x):\n"
        "    low = integer(1, 9, 1)\n    high = integer(1, 9, 1)\n    return low, high\n"
    )
    block = Template(path)
    ours = program(1, block.render([2, 3]), block="block", holes=[2, 3])
    theirs = program(2, block.render([4, 5]), block="block", holes=[4, 5])
    crossover = Crossover({"block": block}, ["solve"])
    mixed = {
        tuple(idea.detail["holes"])
        for seed in range(20)
        if (idea := crossover.think(Brief(3, 0, ours, (theirs,)), Archive(), random.Random(seed)))
    }
    assert mixed == {(4, 3), (2, 5)}


def test_nobody_to_cross_with() -> None:
    ours = program(1, RECIPIENT)
    assert Crossover({}, ["solve"]).think(Brief(2, 0, ours), Archive(), random.Random(0)) is None


def test_the_best_on_the_worst_workload_is_the_partner_half_of_the_time() -> None:
    def with_results(number: int, source: str, fitness: float, **results: float) -> Program:
        workloads = tuple(WorkloadResult(name, "ok", {}, score) for name, score in results.items())
        evaluation = Evaluation("train", "full", "ok", fitness=fitness, workloads=workloads)
        return Program(number, source, "", evaluation=evaluation)

    template = "def solve(x):\n    slack = {0}\n    weight = {0}2\n    heat = {0}3\n    return x * slack\n"
    ours = with_results(1, template.format(0.5), 3.0, wide=90.0, narrow=20.0)
    others = [with_results(number, template.format(f"0.{number}7"), 2.0, wide=50.0, narrow=25.0)
              for number in range(2, 6)]  # fmt: skip
    champion = with_results(9, template.format(0.99), 1.0, wide=10.0, narrow=80.0)
    archive = Archive()
    for each in (ours, *others, champion):
        archive.tell(each)
    assert archive.weakness(ours) == ("narrow", champion)
    assert archive.weakness(champion) == ("wide", ours)
    crossover, chosen = Crossover({}, ["solve"]), 0
    for seed in range(60):
        idea = crossover.think(Brief(3, 0, ours, (others[0],)), archive, random.Random(seed))
        assert idea is not None
        if idea.parents[1].id == champion.id:
            chosen += 1
            assert idea.rationale.endswith("(it is the best on narrow)")
    assert 15 < chosen < 50
