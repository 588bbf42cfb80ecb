"""The fixpoint: what is accepted does not depend on who judges how fast, and is kept whenever it is stopped."""

import ast
import asyncio
import random
import time

import pytest

from adrs.distill.minimise.fixpoint import Minimiser
from adrs.distill.minimise.oracle import Verdict
from adrs.distill.minimise.size import nodes
from adrs.distill.stop import Stop

SOURCE = (
    "def solve(x):\n" + "".join(f"    step_{number}(x, {number}.125 + x)\n" for number in range(12)) + "    return x\n"
)
NEEDED = ("step_3(", "step_7(x", "return x")


class Needs:
    """Accepts programs that hold some texts, after a while that depends on nothing useful."""

    def __init__(self, *texts, slow=False):
        self.texts = texts
        self.rng = random.Random(4) if slow else None
        self.asked = 0

    def digest(self, source):
        return source

    async def judge(self, source, current=""):
        self.asked += 1
        for _ in range(self.rng.randrange(5) if self.rng else 0):
            await asyncio.sleep(0)
        accepted = all(text in source for text in self.texts)
        return Verdict(accepted, "part", "" if accepted else "something is missing", digest=source)

    async def confirm(self, source, current=""):
        return await self.judge(source, current)


def minimised(judge, ahead=1, source=SOURCE, stop=None):
    heard = []

    async def work():
        minimiser = Minimiser(judge, source, ["solve"], ahead, stop or Stop(), heard.append)
        return minimiser, await minimiser.run()

    minimiser, finished = asyncio.run(work())
    return minimiser.chain, heard, finished


def test_what_is_needed_is_left():
    chain, _, finished = minimised(Needs(*NEEDED))
    assert finished
    assert chain[-1].source == "def solve(x):\n    step_3(x)\n    step_7(x)\n    return x\n"
    assert [step.size for step in chain] == sorted((step.size for step in chain), reverse=True)
    assert chain[0].source == SOURCE


def test_nothing_smaller_is_found_again():
    chain, _, _ = minimised(Needs(*NEEDED))
    again, heard, finished = minimised(Needs(*NEEDED), source=chain[-1].source)
    assert finished
    assert len(again) == 1
    assert all(not tried.verdict.accepted for tried in heard)


@pytest.mark.parametrize("ahead", [2, 5])
def test_the_result_does_not_depend_on_how_many_judge(ahead):
    chain, heard, _ = minimised(Needs(*NEEDED))
    others, heard_too, _ = minimised(Needs(*NEEDED, slow=True), ahead)
    assert [(step.source, step.text) for step in others] == [(step.source, step.text) for step in chain]
    assert heard_too == heard, "also the order of what is heard"


def test_it_stops_when_it_is_asked_and_keeps_what_it_has():
    stop = Stop()

    class Patient(Needs):
        confirmed = False

        async def judge(self, source, current=""):
            if self.confirmed:
                stop.asked.set()
                await asyncio.sleep(60)
            return await super().judge(source, current)

        async def confirm(self, source, current=""):
            verdict = await super().confirm(source, current)
            self.confirmed = True
            return verdict

    chain, _, finished = minimised(Patient(*NEEDED), 2, stop=stop)
    assert not finished
    assert len(chain) > 1
    assert all(text in chain[-1].source for text in NEEDED)


def test_a_time_that_is_over_leaves_the_original():
    chain, heard, finished = minimised(Needs(), stop=Stop(time.monotonic() - 1))
    assert not finished
    assert len(chain) == 1
    assert heard == []


def test_a_judge_that_accepts_everything_leaves_next_to_nothing():
    chain, _, _ = minimised(Needs())
    assert nodes(ast.parse(chain[-1].source)) <= 4


@pytest.mark.parametrize("ahead", [1, 3])
def test_what_only_all_tests_refuse_is_undone_and_the_rest_kept(ahead):
    """The cheap tests do not see that step 5 is needed; two late refusals are enough to learn it."""

    class Hasty(Needs):
        confirmed = 0
        learned = False

        async def judge(self, source, current=""):
            verdict = await super().judge(source, current)
            if self.learned and "step_5(" not in source:
                return Verdict(False, "part", "as was learned", digest=source)
            return verdict

        async def confirm(self, source, current=""):
            self.confirmed += 1
            holds = "step_5(" in source
            self.learned |= not holds
            return Verdict(holds and (await self.judge(source)).accepted, "full", digest=source)

    judge = Hasty(*NEEDED)
    chain, heard, finished = minimised(judge, ahead)
    assert finished
    assert chain[-1].source == "def solve(x):\n    step_3(x)\n    step_5(x)\n    step_7(x)\n    return x\n"
    assert all(step.verdict.stage == "full" for step in chain[1:])
    confirmations = [tried for tried in heard if tried.kind == "confirm"]
    assert len(confirmations) == judge.confirmed
    assert not all(tried.verdict.accepted for tried in confirmations)


def test_what_is_not_confirmed_when_it_stops_is_dropped():
    stop = Stop()

    class Late(Needs):
        async def confirm(self, source, current=""):
            stop.asked.set()
            await asyncio.sleep(60)

    chain, _, finished = minimised(Late(*NEEDED), stop=stop)
    assert not finished
    assert [step.source for step in chain] == [SOURCE]
