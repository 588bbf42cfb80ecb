"""The embedded proposer as a whole: makes progress, repeats exactly, remembers a bounded amount."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from offline_run import Driver, Run, in_process

from adrs.evolve_blocks import fixed_parts, violation
from adrs.problem import Problem, load
from adrs.program import Brief, Draft, Evaluation, Program
from adrs.propose import Context
from adrs.propose.embedded import Embedded, Mutation

FIXTURES = Path(__file__).parent / "fixtures"
SEQUENCING = load(str(FIXTURES / "sequencing"))
THERMOSTAT = load(str(FIXTURES / "thermostat"))


def pretend(source: str) -> Evaluation:
    """A fitness out of the air, the same for the same source: deterministic, and quick. Every fifth program fails."""
    value = int.from_bytes(sha256(source.encode()).digest()[:4], "big")
    if value % 5 == 0 and "order = []\n    for job in range" not in source:
        return Evaluation("train", "full", "error", "pretended")
    fitness = value / 2**32 + source.count("0.") / 10
    return Evaluation("train", "full", "ok", fitness=fitness, metrics={"tardiness": -fitness, "deviation": -fitness})


def recorded(run: Run) -> dict[int, Draft]:
    """Drafts as the log gives them back."""
    return {ticket: replace(draft, detail=json.loads(json.dumps(dict(draft.detail))))
            for ticket, draft in run.drafts.items()}  # fmt: skip


def sources(run: Run) -> list[str]:
    return [program.source for program in run.programs]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_goes_past_the_state_of_the_art_within_tens_of_evaluations(seed: int) -> None:
    evaluate = in_process(SEQUENCING)
    baseline = SEQUENCING.baseline("state-of-the-art")
    assert baseline is not None
    run = Driver(SEQUENCING, Embedded(Context(SEQUENCING, seed)), evaluate, seed).drive(60)
    reached = run.first_above(evaluate(baseline.path.read_text()).fitness or 0.0)
    assert reached is not None
    assert reached <= 20
    assert run.best().fitness > run.best(20).fitness or run.best(20).id > 3


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_without_building_blocks_a_short_program_grows_past_the_state_of_the_art(seed: int) -> None:
    evaluate = in_process(SEQUENCING, seconds=2.0)
    baseline = SEQUENCING.baseline("state-of-the-art")
    assert baseline is not None
    run = Driver(SEQUENCING, Mutation(Context(SEQUENCING, seed)), evaluate, seed).drive(150)
    drafts = [draft for draft in run.drafts.values() if not draft.failure]
    assert {draft.proposer for draft in drafts} == {"mutation"}
    assert {draft.operator for draft in drafts} == {"mutate", "crossover", "tune"}
    assert len(drafts) > 100
    assert run.best().fitness > (evaluate(baseline.path.read_text()).fitness or 0.0)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_makes_progress_without_building_blocks(seed: int) -> None:
    run = Driver(THERMOSTAT, Embedded(Context(THERMOSTAT, seed)), seed=seed).drive(100)
    assert run.best().fitness > 0.35 * run.programs[0].fitness
    assert {program.operator for program in run.programs} >= {"seed", "tune", "mutate", "crossover"}


@pytest.mark.parametrize("problem", [SEQUENCING, THERMOSTAT], ids=lambda problem: problem.name)
@given(cut=st.integers(2, 70), window=st.sampled_from([1, 3, 8]), seed=st.integers(0, 3))
@settings(max_examples=8, deadline=None)
def test_recalling_leaves_the_state_that_proposing_left(problem: Problem, cut: int, window: int, seed: int) -> None:
    whole = Driver(problem, Embedded(Context(problem, seed)), pretend, seed).drive(70, window)
    known = {ticket: draft for ticket, draft in recorded(whole).items() if ticket <= cut}
    resumed = Driver(problem, Embedded(Context(problem, seed)), pretend, seed).drive(70, window, known)
    assert sources(resumed) == sources(whole)
    assert [program.detail for program in resumed.programs] == [program.detail for program in whole.programs]


def test_other_seeds_propose_other_programs() -> None:
    runs = [Driver(SEQUENCING, Embedded(Context(SEQUENCING, seed)), pretend, seed).drive(20) for seed in (1, 2)]
    assert sources(runs[0]) != sources(runs[1])


def test_processes_with_other_hash_seeds_propose_the_same() -> None:
    code = (
        "from test_embedded_proposer import *\n"
        "for problem in (SEQUENCING, THERMOSTAT):\n"
        "    run = Driver(problem, Embedded(Context(problem, 3)), pretend, 3).drive(60)\n"
        "    print(sha256(repr([(p.source, p.rationale, p.detail) for p in run.programs]).encode()).hexdigest())\n"
    )
    printed = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-W", "ignore", "-c", code]
        folder = Path(__file__).parent
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
        printed.add(done.stdout)
    assert len(printed) == 1


def test_every_block_is_tried_with_its_defaults_first() -> None:
    run = Driver(SEQUENCING, Embedded(Context(SEQUENCING, 4)), pretend, 4).drive(6)
    assert [program.detail.get("block") for program in run.programs[1:3]] == ["greedy", "descent"]
    assert run.programs[1].rationale == (
        "building block greedy with slack = 0.0, result of key = duration"
    )  # fmt: skip


@pytest.mark.parametrize("wish", ["block", "refill", "tune", "mutate", "crossover"])
def test_a_wish_is_granted_where_it_can_be(wish: str) -> None:
    proposer = Embedded(Context(SEQUENCING, 0))
    run = Driver(SEQUENCING, proposer, pretend, 0).drive(30)
    greedy = [program for program in run.programs if program.fitness is not None and "holes" in program.detail
              and program.detail["block"] == "greedy"]  # fmt: skip
    draft = asyncio.run(proposer.propose(Brief(31, 99, greedy[-1], tuple(greedy[:-1]), wish)))
    assert draft.operator == wish


def test_every_draft_says_what_it_is() -> None:
    run = Driver(SEQUENCING, Embedded(Context(SEQUENCING, 2)), pretend, 2).drive(80)
    known = {program.id for program in run.programs}
    for ticket, draft in run.drafts.items():
        if draft.failure:
            continue
        assert draft.proposer == "embedded"
        assert draft.rationale
        assert "\n" not in draft.rationale
        assert all(parent.id < ticket and parent.id in known for parent in draft.parents)
        assert all(parent.role in ("parent", "crossover") for parent in draft.parents)
        assert json.loads(json.dumps(dict(draft.detail))) == draft.detail
        assert (draft.operator == "block") == (not draft.parents)


def test_what_it_remembers_is_bounded() -> None:
    proposer = Embedded(Context(THERMOSTAT, 0))
    for number in range(1, 30_000):
        source = f"def power(error, rate):\n    return {number} * error\n"
        evaluation = Evaluation("train", "full", "ok", fitness=float(number % 1000))
        proposer.tell(Program(number, source, "", proposer="model", evaluation=evaluation))
    assert len(proposer._known) <= 20_000
    assert len(list(proposer._archive)) <= 16


def test_a_program_that_nothing_can_be_made_of_is_said_to_be_so() -> None:
    proposer = Embedded(Context(THERMOSTAT, 0))
    draft = asyncio.run(proposer.propose(Brief(2, 0, Program(1, "def power(:", ""))))
    assert draft.failure == "no operator had a new idea"


def test_outside_of_evolve_blocks_nothing_changes(tmp_path: Path) -> None:
    folder = tmp_path / "thermostat"
    shutil.copytree(FIXTURES / "thermostat", folder)
    source = """LEAK = 0.05
# EVOLVE-BLOCK-START
def power(error, rate):
    gain = 0.2
    return helper(error, rate) + gain * error + LEAK


# EVOLVE-BLOCK-END
def helper(error, rate):
    if error > 0.5:
        return 0.75 * error - 0.25 * rate
    return 0.0
"""
    (folder / "baselines" / "proportional.py").write_text(source)
    problem = load(str(folder))
    seed_evaluation = Evaluation("train", "full", "ok", fitness=0.0)

    def evaluate(text: str) -> Evaluation:
        return seed_evaluation if text == source else pretend(text)

    run = Driver(problem, Embedded(Context(problem, 0)), evaluate, 0).drive(40)
    parts = fixed_parts(source)
    assert parts is not None
    assert all(violation(parts, draft.source) == "" for draft in run.drafts.values())
    assert len(set(sources(run))) > 30


def test_importing_proposers_is_cheap() -> None:
    code = "import sys, adrs.propose; print(sorted({'libcst', 'cma', 'numba'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_was_learned_does_not_enter_an_independent_draft() -> None:
    parent = Program(1, SEQUENCING.seed.read_text(), "", evaluation=pretend(SEQUENCING.seed.read_text()))
    learned = Embedded(Context(SEQUENCING, 0))
    run = Driver(SEQUENCING, learned, pretend, 0).drive(40)
    known, operators = {*sources(run)}, set()
    for key in range(200, 240):
        brief = Brief(key, key, parent, independent=True)
        fresh = asyncio.run(Embedded(Context(SEQUENCING, 0)).propose(brief))
        if fresh.source not in known:  # nothing is proposed twice
            assert asyncio.run(learned.propose(brief)) == fresh
            known.add(fresh.source)
        operators.add(fresh.operator)
    assert len(operators) > 1
