"""What goes wrong in the middle of a run is said, also where the run is about to end anyway. Without isolation."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adrs import plugins, run, session
from adrs.breaker import Breaker
from adrs.cli.summary import print_nothing_new
from adrs.errors import Refused, UserError
from adrs.llm.spending import BudgetExhausted
from adrs.observer import Silent
from adrs.program import Brief, Draft, Evaluation, Job, Parent, Program
from adrs.settings import Settings
from adrs.store import Reader
from adrs.testing.executor import InProcessExecutor

_LAST_TICKET = 3
"""The ticket at which a run ends."""


class Numbered:
    """Another program for each ticket."""

    def __init__(self, context: object) -> None:
        pass

    async def propose(self, brief: Brief) -> Draft:
        source = f"def solve(instance):\n    return [{brief.ticket} % 2] * len(instance['length'])\n"
        return Draft(source, "embedded", "draw", (Parent(brief.parent.id, "parent"),))

    def recall(self, brief: Brief, draft: Draft) -> None:
        pass

    def tell(self, program: Program) -> None:
        pass


class Slow(Numbered):
    """Later drafts take a while longer."""

    async def propose(self, brief: Brief) -> Draft:
        if brief.ticket > _LAST_TICKET:
            await asyncio.sleep(0.1)
        return await super().propose(brief)


class Poor(Slow):
    """Has nothing left for the draft of one ticket."""

    end: Exception = BudgetExhausted("max-usd", "$1 of $1 are spent")

    async def propose(self, brief: Brief) -> Draft:
        if brief.ticket == _LAST_TICKET:
            raise self.end
        return await super().propose(brief)


class Unwelcome(Poor):
    """Its server refuses one request."""

    end = Refused("http://localhost refused the request (401)")


class Dying(Silent):
    """Ends a session at once when a certain program is told."""

    def told(self, program: Program, evaluations: int) -> None:
        if program.id == 5:
            raise KeyboardInterrupt


class Failing(InProcessExecutor):
    """Evaluates programs of tickets before one alone."""

    first_broken = 0

    async def evaluate(self, job: Job) -> Evaluation:
        _, _, found = job.source.partition("return [")
        if "% 2" in found and int(found.partition(" ")[0]) >= self.first_broken:
            raise UserError("the disk is full")
        return await super().evaluate(job)


def use(monkeypatch: pytest.MonkeyPatch, proposer: type, executor: type) -> None:
    load = plugins.load
    local: dict[tuple[str, str], Any] = {("executor", "local"): executor, ("proposer", "embedded"): proposer}

    async def believe(*_: object) -> None:
        """The checks before a run are not what is tested here."""

    monkeypatch.setattr(session, "preflight", believe)
    monkeypatch.setattr(plugins, "load", lambda seam, name: local.get((seam, name)) or load(seam, name))


def test_a_replay_that_cannot_evaluate_what_the_run_had_no_end_of_says_so(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    with monkeypatch.context() as context:
        use(context, Numbered, InProcessExecutor)
        with pytest.raises(KeyboardInterrupt):
            session.start(Settings(str(demo), max_evaluations=20), runs, "cut", Dying())
    with Reader(runs / "cut") as reader:
        told = {ticket for kind, ticket in reader.sequence() if kind == "told"}
        open_tickets = {program.id for program in reader.programs()} - told
    assert open_tickets
    use(monkeypatch, Numbered, type("Broken", (Failing,), {"first_broken": min(open_tickets)}))
    with pytest.raises(UserError, match="the disk is full"):
        session.replay(runs / "cut", runs, "again", Silent(), {})


def test_a_budget_that_is_used_up_hides_no_failure(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Poor, type("Broken", (Failing,), {"first_broken": _LAST_TICKET + 1}))
    with pytest.raises(UserError, match="the disk is full"):
        session.start(Settings(str(demo), max_evaluations=20), tmp_path / "runs", "poor", Silent())


@pytest.mark.parametrize(
    ("proposer", "breaker", "end"),
    [
        (Poor, {}, "max-usd"),
        (Unwelcome, {}, "refused: http://localhost refused the request (401)"),
        (Slow, {"same_score": 2}, "breaker: 2 different programs in a row score the same"),
    ],
)
def test_whatever_ends_a_run_what_was_asked_for_until_then_is_in_its_log(
    demo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    proposer: type,
    breaker: dict[str, int],
    end: str,
) -> None:
    use(monkeypatch, proposer, type("Unsafe", (InProcessExecutor,), {"warning": "nothing is shut in"}))
    monkeypatch.setattr(run, "Breaker", partial(Breaker, **breaker))
    outcome = session.start(Settings(str(demo), max_evaluations=20), tmp_path / "runs", "run", Silent())
    assert outcome.stopped_by.startswith(end)
    assert "nothing is shut in" in outcome.warnings  # what the executor says of its safety
    with Reader(outcome.path) as reader:
        asked = {ticket for kind, ticket in reader.sequence() if kind == "asked"}
        unanswered = asked - {ticket for (ticket,) in reader.rows("SELECT ticket FROM program")}
    assert max(asked) > _LAST_TICKET
    print_nothing_new(outcome)  # as where a session that goes on with it comes to the same end at once
    shown = capsys.readouterr().out
    assert ("nothing left to do" in shown) == (end == "max-usd")
    assert ("do not cover another call: $1 of $1 are spent; `adrs resume" in shown) == (end == "max-usd")
    assert unanswered == ({_LAST_TICKET} if proposer is not Slow else set())
