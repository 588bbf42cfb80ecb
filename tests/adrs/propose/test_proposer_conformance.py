"""Every proposer passes the suite, and the suite finds what it is there to find."""

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_models import FakeModels, context

from adrs.problem import load
from adrs.program import Brief, Draft, Parent, Program
from adrs.propose import Context
from adrs.propose.embedded import Embedded, Mutation
from adrs.propose.model import Model
from adrs.testing import proposer

PROBLEM = load(str(Path(__file__).parent / "fixtures" / "thermostat"))


def answered(request: str) -> str:
    """Another program for every request; now and then none."""
    number = sum(request.encode()) % 1000
    if number % 7 == 0:
        return "I would rather not."
    return f"```python\n{PROBLEM.seed.read_text()}\n# {number}\n```"


@pytest.mark.parametrize("check", proposer.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(("name", "make"), [("embedded", Embedded), ("mutation", Mutation), ("model", Model)])
def test_conformance(check: Callable[..., None], name: str, make: proposer.Make) -> None:
    check(name, make, context(PROBLEM, FakeModels(answered)))


class Counting:
    """Proposes a new text each time, and counts what it has heard; the others here do one thing wrong."""

    def __init__(self, given: Context) -> None:
        self.count = 0

    async def propose(self, brief: Brief) -> Any:
        self.count += 1
        return self.draft(brief)

    def draft(self, brief: Brief) -> Any:
        return Draft(f"# {self.count} {brief.ticket}", "counting", "count", (Parent(brief.parent.id, "parent"),))

    def recall(self, brief: Brief, draft: Draft) -> None:
        self.count += 1

    def tell(self, program: Program) -> None:
        self.count += program.fitness is not None


class Unrepeatable(Counting):
    drawn = random.Random(1)

    def draft(self, brief: Brief) -> Draft:
        return replace(super().draft(brief), rationale=str(self.drawn.random()))


class Global(Counting):
    def draft(self, brief: Brief) -> Draft:
        random.random()
        return super().draft(brief)


class Forgetful(Counting):
    def recall(self, brief: Brief, draft: Draft) -> None:
        pass


class Late(Counting):
    """Counts after it has waited, when others may have been asked."""

    async def propose(self, brief: Brief) -> Any:
        draft = self.draft(brief)
        for _ in range(3):
            await asyncio.sleep(0)
        self.count += 1
        return draft


class Impostor(Counting):
    def draft(self, brief: Brief) -> Draft:
        return replace(super().draft(brief), proposer="embedded")


class Silent(Counting):
    def draft(self, brief: Brief) -> Draft:
        return Draft("", "counting", "", ())


@pytest.mark.parametrize(
    ("check", "make", "said"),
    [
        (proposer.repeats, Unrepeatable, "two runs with the same seed differ in the draft of ticket 2"),
        (proposer.repeats, Global, "draws from the global random generator"),
        (proposer.recalls, Forgetful, "a run, and the same run gone on with differ in the draft of ticket 2[0-9]"),
        (proposer.recalls, Late, "a run, and the same run gone on with differ in the draft of ticket 2[0-9]"),
        (proposer.keeps_its_promises, Impostor, 'the proposer signs its drafts as "embedded"'),
        (proposer.survives_a_run_of_failures, Silent, "the draft of ticket 2 has neither a source nor a failure"),
    ],
)
def test_the_suite_finds_what_is_wrong(check: Callable[..., None], make: type[Counting], said: str) -> None:
    for each in proposer.CHECKS:
        each("counting", Counting, context(PROBLEM, None))
    with pytest.raises(AssertionError) as raised:
        check("counting", make, context(PROBLEM, None))
    assert re.search(said, str(raised.value))
