"""Several proposers on one run: who is asked how often, who hears what, and that all of it repeats."""

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import pytest
from fake_models import FakeModels, SlowDriver, context, propose, recorded, told
from hypothesis import given, settings
from hypothesis import strategies as st
from offline_run import Driver

from adrs.errors import UserError
from adrs.problem import load
from adrs.program import Brief, Draft, Evaluation, Parent, Program, Usage
from adrs.propose import Context, Proposer, portfolio
from adrs.propose.portfolio import Portfolio
from adrs.propose.rates import USD_PER_EVALUATION

PROBLEM = load(str(Path(__file__).parent / "fixtures" / "thermostat"))


def evaluated(fitness: float) -> Evaluation:
    return Evaluation("train", "full", "ok", metrics={"deviation": -fitness}, fitness=fitness)


SEED = Program(1, PROBLEM.seed.read_text(), "1", evaluation=evaluated(0.0))


@dataclass
class Member:
    """Proposes nothing of interest, and remembers what it was called for."""

    name: str
    usd: float = 0.0
    told: list[int] = field(default_factory=list)
    recalled: list[int] = field(default_factory=list)

    async def propose(self, brief: Brief) -> Draft:
        source, parents = f"# {self.name} {brief.ticket}", (Parent(1, "parent"),)
        return Draft(source, self.name, "op", parents, usage=Usage(usd=self.usd))

    def recall(self, brief: Brief, draft: Draft) -> None:
        self.recalled.append(brief.ticket)

    def tell(self, program: Program) -> None:
        self.told.append(program.id)


def shares(*members: Member, gains: dict[str, float], weights: dict[str, float] | None = None) -> Counter[str]:
    """How often each is asked, late in a run in which a program of each gains so much."""
    made = Portfolio({member.name: member for member in members}, weights or {m.name: 1.0 for m in members})
    made.tell(SEED)
    asked: Counter[str] = Counter()
    best = 0.0
    for number in range(2, 600):
        draft = propose(made, Brief(number, number, SEED))
        best += gains[draft.proposer]
        evaluation = evaluated(best if gains[draft.proposer] else -1.0)
        made.tell(told(draft, number, evaluation))
        asked[draft.proposer] += number > 200
    return asked


def test_who_gains_more_is_asked_more_often_and_nobody_is_forgotten() -> None:
    asked = shares(Member("a"), Member("b"), gains={"a": 0.0, "b": 1.0})
    assert asked["b"] > 3 * asked["a"] > 0


def test_a_slow_member_leaves_room_for_the_others() -> None:
    class Slow(Member):
        async def propose(self, brief: Brief) -> Draft:
            await asyncio.sleep(3600)
            return await super().propose(brief)

    async def answered(most_waiting: int | None) -> int:
        members = {"slow": Slow("slow"), "quick": Member("quick")}
        made = Portfolio(members, {"slow": 1.0, "quick": 1.0}, most_waiting)
        made.tell(SEED)
        waiting: set[asyncio.Task[Draft]] = set()
        quick = 0
        for number in range(2, 102):
            if len(waiting) == 8:
                break
            task = asyncio.create_task(made.propose(Brief(number, number, SEED)))
            await asyncio.sleep(0)
            quick += task.done()
            waiting |= set() if task.done() else {task}
        for task in waiting:
            task.cancel()
        return quick

    assert asyncio.run(answered(4)) == 100 - 4
    assert asyncio.run(answered(None)) < 50


def test_dollars_count_beside_evaluations() -> None:
    equal = shares(Member("a"), Member("b"), gains={"a": 1.0, "b": 1.0})
    dear = shares(Member("a"), Member("b", usd=20 * USD_PER_EVALUATION), gains={"a": 1.0, "b": 1.0})
    assert 0.5 < equal["a"] / equal["b"] < 2.0
    assert dear["a"] > 3 * dear["b"] > 0


def test_weights_multiply_the_shares() -> None:
    asked = shares(Member("a"), Member("b"), gains={"a": 1.0, "b": 1.0}, weights={"a": 1.0, "b": 4.0})
    assert 2.5 < asked["b"] / asked["a"] < 6.0


def test_all_members_hear_of_all_programs_and_one_recalls_its_draft() -> None:
    first, second = Member("a"), Member("b")
    made = Portfolio({"a": first, "b": second}, {"a": 1.0, "b": 1.0})
    made.tell(SEED)
    made.tell(replace(SEED, id=2, proposer="a"))
    made.tell(replace(SEED, id=3, proposer="seed", evaluation=None))
    assert first.told == second.told == [1, 2, 3]
    made.recall(Brief(4, 4, SEED), Draft("", "b", "", ()))
    made.recall(Brief(5, 5, SEED), Draft("", "stranger", "", ()))
    assert (first.recalled, second.recalled) == ([], [4])


def test_what_a_draft_cost_is_in_its_record() -> None:
    made = Portfolio({"a": Member("a", usd=0.5)}, {"a": 1.0})
    assert propose(made, Brief(2, 2, SEED)).detail == {"usd": 0.5}


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("embedded", {"embedded": 1.0}),
        ("embedded,model", {"embedded": 1.0, "model": 1.0}),
        (" embedded : 1, model:2.5 ", {"embedded": 1.0, "model": 2.5}),
    ],
)
def test_proposers_are_named_with_or_without_weights(text: str, weights: dict[str, float]) -> None:
    assert portfolio.parse(text) == weights
    assert list(portfolio.parse(text)) == list(weights)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("embeded", 'there is no proposer "embeded"; did you mean "embedded"?'),
        ("embedded,", "has an empty name"),
        (",", "has an empty name"),
        (":3", "has an empty name"),
        ("model,model:2", "names model twice"),
        ("model:0", 'model needs a weight above 0, not "0"'),
        ("model:-1", "above 0"),
        ("model:nan", "above 0"),
        ("model:inf", "above 0"),
        ("model:", 'not ""'),
        ("model:a:b", 'not "a:b"'),
    ],
)
def test_a_wrong_list_of_proposers_is_one_clear_sentence(text: str, reason: str) -> None:
    with pytest.raises(UserError) as error:
        portfolio.parse(text)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def proposed_by(proposer: Proposer) -> str:
    proposer.tell(SEED)
    return propose(proposer, Brief(2, 2, SEED)).proposer


def test_by_default_the_embedded_proposer_works_alone_and_beside_models() -> None:
    fake = context(PROBLEM, FakeModels(["error: busy"]))
    assert proposed_by(portfolio.make("", Context(PROBLEM, 0))) == "embedded"
    assert proposed_by(portfolio.make("model", fake)) == "model"
    assert isinstance(portfolio.make("", fake), Portfolio)
    with pytest.raises(UserError, match="give one with --model"):
        portfolio.make("embedded,model", Context(PROBLEM, 0))


def pretend(source: str) -> Evaluation:
    """The closer the first number after `error *` is to 3, the better; other programs are as good as their digest."""
    value = int.from_bytes(sha256(source.encode()).digest()[:4], "big") / 2**32
    gain = re.search(r"error \* \(?(-?[\d.]+(?:e-?\d+)?)", source)
    return evaluated(value if gain is None else 20.0 - abs(float(gain[1]) - 3.0))


def answers(prompt: str) -> str:
    """Now and then a law with a constant that is not right yet."""
    drawn = random.Random(sha256(prompt.encode()).digest())
    if "Write a summary" in prompt:
        return "Proportional laws are good."
    if drawn.random() < 0.3:
        return "I cannot do that."
    return f"Proportional.\n```python\ndef power(error, rate):\n    return error * {drawn.uniform(5.0, 9.0):.2f}\n```"


def made(seed: int) -> portfolio.Proposer:
    return portfolio.make("", Context(PROBLEM, seed, FakeModels(answers)))  # type: ignore[arg-type]


def test_the_embedded_proposer_tunes_what_a_model_wrote() -> None:
    run = Driver(PROBLEM, made(1), pretend, 1).drive(150)
    programs = {program.id: program for program in run.programs}
    line = [run.best()]
    while line[-1].parents:
        line.append(programs[line[-1].parents[0].id])
    came = [(program.proposer, program.operator) for program in line]
    assert ("embedded", "tune") in came[: [proposer for proposer, _ in came].index("model")]
    assert (run.best().fitness or 0.0) > 19.9


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 90), st.sampled_from([1, 8]), st.integers(0, 3))
def test_recalling_leaves_the_state_that_proposing_left(cut: int, window: int, seed: int) -> None:
    whole = Driver(PROBLEM, made(seed), pretend, seed).drive(90, window)
    known = {ticket: draft for ticket, draft in recorded(whole.drafts).items() if ticket <= cut}
    resumed = Driver(PROBLEM, made(seed), pretend, seed).drive(90, window, known)
    assert recorded(resumed.drafts) == recorded(whole.drafts)
    assert {draft.proposer for draft in whole.drafts.values()} == {"embedded", "model"}


def test_how_long_models_take_changes_nothing() -> None:
    runs = []
    for longest in (0, 30):
        models = FakeModels(answers)
        models.longest_pause = longest
        driver = SlowDriver(PROBLEM, portfolio.make("", context(PROBLEM, models)), pretend, 3)
        driver.drive_side_by_side(80, 8)
        runs.append(driver.run.drafts)
    assert runs[0] == runs[1]
