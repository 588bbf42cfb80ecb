"""Models in the real loop: what was asked before a crash is asked in the same words after it, and paid for once."""

import random
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fake_models import FakeModels

from adrs import plugins, session
from adrs.propose import Context, Proposer, portfolio
from adrs.settings import Settings
from adrs.store import Reader
from adrs.testing.executor import InProcessExecutor

PROBLEM = Path(__file__).parent / "fixtures" / "thermostat"
SETTINGS = Settings(str(PROBLEM), seed=5, max_evaluations=70)


class Observer:
    """Observes nothing, but can end the session at a certain program."""

    def __init__(self, die_at: int | None = None) -> None:
        self.die_at = die_at

    def note(self, text: str) -> None: ...

    def calibrated(self, calibration: Any) -> None: ...

    def told(self, program: Any, evaluations: int) -> None:
        if program.id == self.die_at:
            raise KeyboardInterrupt


def answers(prompt: str) -> str:
    """Laws that work, laws that fail with odd words, edits, nonsense and summaries, by the prompt alone."""
    drawn = random.Random(sha256(prompt.encode()).digest())
    if "Write a summary" in prompt:
        return "Damping helps \u202e."
    gain, damping = round(drawn.uniform(0.1, 2), 3), round(drawn.uniform(0, 1), 3)
    law = f"0.5 + {gain} * error - {damping} * rate"
    body = drawn.choice([f"return {law}"] * 5 + ["raise ValueError('odd \\udcff \\x1b[2J ```')", "return None"])
    if drawn.random() < 0.3:
        return "I cannot do that."
    return f"Gain {gain}.\n\n```python\ndef power(error, rate):\n    {body}\n```\n"


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> FakeModels:
    """Models for each session, whose answers outlive it as those in a log do."""
    load, fake = plugins.load, FakeModels(answers, labels=["a", "b"])
    fake.longest_pause = 5

    def make(text: str, context: Context) -> Proposer:
        fake.told.clear()
        members = {name: load("proposer", name)(replace(context, models=fake)) for name in ("embedded", "model")}
        return portfolio.Portfolio(members, {"embedded": 1.0, "model": 3.0})

    local = {("executor", "local"): InProcessExecutor}

    async def believe(*_: object) -> None:
        """The checks before a run are not what is tested here."""

    monkeypatch.setattr(session, "preflight", believe)
    monkeypatch.setattr(portfolio, "make", make)
    monkeypatch.setattr(plugins, "load", lambda seam, name: local.get((seam, name)) or load(seam, name))
    return fake


def lineage(folder: Path) -> list[Any]:
    with Reader(folder) as reader:
        return [(replace(program, evaluation=None), program.verdict, program.score) for program in reader.programs()]


@pytest.mark.slow
def test_after_a_crash_the_same_is_asked_and_nothing_is_paid_twice(models: FakeModels, tmp_path: Path) -> None:
    session.start(SETTINGS, tmp_path, "whole", Observer())
    asked = dict(models.journal)
    for die_at in (5, 30, 66):
        models.journal.clear()
        models.requests.clear()
        name = f"cut-{die_at}"
        with pytest.raises(KeyboardInterrupt):
            session.start(SETTINGS, tmp_path, name, Observer(die_at))
        assert 0 < len(models.requests) < len(asked)
        session.resume(tmp_path / name, Observer(), {})
        assert lineage(tmp_path / name) == lineage(tmp_path / "whole")
        assert models.journal == asked
        assert len(models.requests) == len(asked)


@pytest.mark.parametrize("die_at", [5, 12])
def test_in_the_order_of_arrival_what_was_in_flight_is_asked_again_in_the_same_words(
    models: FakeModels, tmp_path: Path, die_at: int
) -> None:
    settings = replace(SETTINGS, order="arrival")
    with pytest.raises(KeyboardInterrupt):
        session.start(settings, tmp_path, "cut", Observer(die_at))
    with Reader(tmp_path / "cut") as reader:
        drafted = {ticket for (ticket,) in reader.rows("SELECT ticket FROM program")}
        paid = {(ticket, digest) for ticket, digest in models.journal if ticket not in drafted}
    models.asked.clear()
    outcome = session.resume(tmp_path / "cut", Observer(), {})
    assert outcome.evaluations >= 70
    assert paid
    assert paid <= models.asked
    again = session.replay(tmp_path / "cut", tmp_path, "again", Observer(), {})
    assert again.plain()["identical"] is True


def test_a_run_with_models_is_replayed_without_them(models: FakeModels, tmp_path: Path) -> None:
    session.start(SETTINGS, tmp_path, "one", Observer())
    count = len(models.requests)
    again = session.replay(tmp_path / "one", tmp_path, "again", Observer(), {})
    assert again.plain()["identical"] is True
    assert len(models.requests) == count


def test_a_run_with_models_keeps_what_was_refused_and_why(models: FakeModels, tmp_path: Path) -> None:
    outcome = session.start(SETTINGS, tmp_path, "one", Observer())
    with Reader(outcome.path) as reader:
        programs = list(reader.programs())
    refused = [program for program in programs if program.proposer == "model" and program.verdict == "rejected"]
    reasons = {program.evaluation.reason.split(":")[0] for program in refused if program.evaluation}
    assert "answer refused" in reasons
    assert all(program.model in ("a", "b") and program.parents for program in refused)
    assert {program.proposer for program in programs} == {"seed", "embedded", "model"}
    assert any(program.detail.get("summary") for program in programs)


def test_what_was_refused_before_is_a_pitfall_of_later_requests(models: FakeModels, tmp_path: Path) -> None:
    models.answer_with(lambda prompt: "```python\nimport pandas\n\ndef power(error, rate):\n    return 0.5\n```")
    session.start(replace(SETTINGS, max_evaluations=12), tmp_path, "one", Observer())
    last = models.requests[-1][1]
    asked = "\n".join(message.content for message in last if message.role == "user")
    assert re.search(r"\d x rejected: answer refused: line 1: import of pandas; allowed: the standard library", asked)
