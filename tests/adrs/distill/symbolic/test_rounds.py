"""From a teacher to a rule, whole: repeatable, complete at any moment, as good as its teacher."""

import asyncio
import json
import time
from dataclasses import dataclass

import pytest

from adrs.distill.record import joined
from adrs.distill.symbolic.closed_loop import ClosedLoop
from adrs.distill.symbolic.rounds import Distilling, Plan
from adrs.distill.symbolic.search import Effort
from adrs.distill.symbolic.teachers import NetworkTeacher, ProgramTeacher
from adrs.distill.symbolic.workers import Workers
from adrs.errors import UserError
from adrs.evaluate.harness import Line
from adrs.program import Recording
from adrs.rule.form import Terminal, subexpressions
from adrs.rule.plain import plain
from adrs.testing.policy import InProcessPolicy

MARGIN = 0.002
QUICK = Plan(
    length=5, leaf_length=5, leaves=2, rounds=2, seeds=1, workloads=6, more_workloads=1, returns=6, finalists=1,
    evaluations=14, effort=Effort(population=40, generations=4, rows=200),
)  # fmt: skip


def distil(valve, network, enough=lambda: False, processes=0):
    with Workers(processes) as workers:
        loop = ClosedLoop(valve, workers)
        teacher = NetworkTeacher(network, loop)

        async def both():
            found = await Distilling(teacher, loop, workers, QUICK, MARGIN, enough).run()
            return found, await teacher.outcome(valve.workloads["validation"])

        return asyncio.run(both())


@pytest.fixture(scope="module")
def whole(valve, network):
    return distil(valve, network)


def text(found):
    return json.dumps(
        [[plain(each.rule), each.kind, each.round, each.step, each.fidelity] for each in found.candidates]
    )


def test_the_chosen_rule_is_at_least_its_teacher(whole):
    found, teacher = whole
    chosen = found.chosen(MARGIN)
    assert found.validation[chosen].fitness >= teacher.fitness
    assert {each.kind for each in found.candidates} >= {"flat", "by return", "pursuit", "cart"}
    assert {each.round for each in found.candidates} == {1, 2}
    assert {each.step for each in found.candidates} >= {"fitted", "tuned", "rounded"}
    assert max(outcome.fitness for outcome in found.validation) <= found.validation[chosen].fitness + MARGIN
    assert len(found.samples) == 2


@pytest.mark.slow
def test_the_same_seed_makes_the_same_bytes_at_any_number_of_workers(valve, network, whole, tmp_path):
    again = distil(valve, network, processes=2)[0]
    assert text(again) == text(whole[0])
    for number, found in enumerate((again, whole[0])):
        joined(found.samples).save(tmp_path / str(number))
    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()


def test_a_spent_budget_leaves_a_rule_and_says_what_was_not_done(valve, network):
    found, _ = distil(valve, network, enough=lambda: True)
    assert found.chosen(MARGIN) is not None
    assert {each.round for each in found.candidates} == {1}
    assert any("budget was spent" in line for line in found.not_done)


def test_an_interrupted_search_keeps_what_it_has(valve, network):
    loop = ClosedLoop(valve, Workers(0))
    distilling = Distilling(NetworkTeacher(network, loop), loop, Workers(0), QUICK, MARGIN)

    async def interrupted():
        task = asyncio.create_task(distilling.run())
        while not distilling.found.candidates:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(interrupted())
    assert distilling.found.chosen(MARGIN) is not None
    assert len(distilling.found.candidates) == len(distilling.found.validation)


def slow(seconds):
    time.sleep(seconds)
    return seconds


@pytest.mark.slow
def test_workers_that_are_renewed_forget_what_they_were_at():
    with Workers(1) as workers:

        async def interrupted():
            task = asyncio.create_task(workers.map(slow, [(600.0,)]))
            await asyncio.sleep(0.5)
            task.cancel()
            await asyncio.wait({task})
            workers.renew()
            return await workers.map(slow, [(0.0,)])

        assert asyncio.run(interrupted()) == [0.0]


@dataclass
class Here:
    """An executor in this process, that records."""

    problem: object
    sandbox = "none"

    async def evaluate(self, job):
        return Line(self.problem).evaluate(InProcessPolicy(self.problem, job.source), job)


PLAIN = "def valve(observation, state):\n    return -1.2 * observation[-2] - 6.0 * (observation[-1] - 1.0)\n"
COUNTS = "calls = 0\ndef valve(observation, state):\n    global calls\n    calls += 1\n    return float(calls % 3)\n"
KEEPS = (
    "def valve(observation, state):\n    state['n'] = state.get('n', 0) + 1\n"
    "    return -observation[-2] + 0.1 * (state['n'] % 2)\n"
)


LISTS = (
    "def valve(observation, state):\n    state.setdefault('all', []).append(observation[-2])\n"
    "    return -sum(state['all'])\n"
)
SMOOTH = (
    "def valve(observation, state):\n    state['smooth'] = 0.3 * state.get('smooth', 0.0) + 0.7 * observation[-2]\n"
    "    return -1.2 * state['smooth'] - 6.0 * (observation[-1] - 1.0)\n"
)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (COUNTS, "not a function of what it is shown"),
        (KEEPS, r"what it keeps in its state .* entry 'n' is no linear function of the last 4 intervals \(R2 "),
        (LISTS, "what it keeps in its state .* there is no number among it"),
    ],
)
def test_what_depends_on_more_than_it_is_shown_is_refused(valve, source, said):
    teacher = ProgramTeacher(source, Here(valve), valve.distillation.inputs)
    with pytest.raises(UserError, match=said):
        check(valve, teacher)


def check(valve, teacher):
    recording = Recording("valve", noise=0.25)
    asyncio.run(teacher.check(valve.workloads["train"][:1], recording, valve.functions["valve"]))


def test_what_a_program_keeps_is_a_terminal_where_it_follows_from_what_it_is_shown(valve):
    teacher = ProgramTeacher(SMOOTH, Here(valve), valve.distillation.inputs)
    check(valve, teacher)
    (kept,) = teacher.entries
    terminals = {each for each in subexpressions(kept) if isinstance(each, Terminal)}
    assert {terminal.feature for terminal in terminals} == {0}
    assert len(terminals) > 1
    loop = ClosedLoop(valve, Workers(0))
    plan = Plan(**{**vars(QUICK), "finalists": 0})
    found = asyncio.run(Distilling(teacher, loop, Workers(0), plan, MARGIN).run())
    assert max(each.fidelity for each in found.candidates) > 0.95
    assert {each.round for each in found.candidates} == {1, 2}  # flows are asked in order, from an empty state


def test_a_program_is_a_teacher_like_any_other(valve):
    loop = ClosedLoop(valve, Workers(0))
    teacher = ProgramTeacher(PLAIN, Here(valve), valve.distillation.inputs)
    check(valve, teacher)
    assert not teacher.entries
    plan = Plan(**{**vars(QUICK), "rounds": 1, "finalists": 0})
    found = asyncio.run(Distilling(teacher, loop, Workers(0), plan, MARGIN).run())
    assert max(each.fidelity for each in found.candidates) > 0.95
