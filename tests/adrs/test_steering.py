"""What people say to a run: recorded before it has an effect, once, and repeated by resuming and replaying."""

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adrs import agent, plugins, session, steering
from adrs.errors import UserError
from adrs.lineage.said import notes, said
from adrs.lineage.state import state
from adrs.observer import Silent
from adrs.outcome import Outcome
from adrs.program import Brief, Draft, Parent, Program
from adrs.settings import Settings
from adrs.store import Reader, Writer, inbox
from adrs.testing.executor import InProcessExecutor
from tests.adrs.lineage_tools import Log

_SOURCE = """
import numpy as np

def solve(instance):
    # {said}
    return (np.arange(len(instance["length"])) * {stride} + {draw}) % instance["machines"]
"""


class Listening:
    """Writes the hints of its brief into its program, so that the lineage shows who was told what."""

    def __init__(self, context: object) -> None: ...

    async def propose(self, brief: Brief) -> Draft:
        await asyncio.sleep(0)
        draw = random.Random(brief.seed).randrange(1000)
        source = _SOURCE.format(said=" and ".join(brief.hints) or "nothing", stride=1 + draw % 3, draw=draw)
        return Draft(source, "embedded", "listen", (Parent(brief.parent.id, "parent"),))

    def recall(self, brief: Brief, draft: Draft) -> None:
        assert all(hint in draft.source for hint in brief.hints)

    def tell(self, program: Program) -> None: ...


class Watching(Silent):
    """Does something when programs are told."""

    def __init__(self, folder: Path, **acts: Callable[[Path], object]) -> None:
        self.folder = folder
        self.acts = {int(name.removeprefix("at_")): act for name, act in acts.items()}
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)
        if text == "paused":
            inbox.post(self.folder, "continue")

    def told(self, program: Program, evaluations: int) -> None:
        act = self.acts.pop(program.id, None)
        if act:
            act(self.folder)


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    load = plugins.load
    local: dict[tuple[str, str], Any] = {("executor", "local"): InProcessExecutor, ("proposer", "embedded"): Listening}

    async def believe(*_: object) -> None: ...

    monkeypatch.setattr(session, "preflight", believe)
    monkeypatch.setattr(plugins, "load", lambda seam, name: local.get((seam, name)) or load(seam, name))
    monkeypatch.setattr(steering, "_PATIENCE", 0.3)


def run(demo: Path, folder: Path, **acts: Callable[[Path], object]) -> tuple[Outcome, Watching]:
    watching = Watching(folder, **acts)
    settings = Settings(str(demo), seed=2, max_evaluations=24, workers=1, window=4)
    return session.start(settings, folder.parent, folder.name, watching), watching


def hint(text: str) -> Callable[[Path], object]:
    return lambda folder: inbox.post(folder, "hint", text)


def sources(folder: Path) -> dict[int, str]:
    with Reader(folder) as reader:
        return {program.id: program.source for program in reader.programs()}


def test_a_hint_is_in_all_briefs_from_its_ticket_on(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    run(demo, folder, at_6=hint("sort the jobs"), at_14=hint("count twice"))
    with Reader(folder) as reader:
        first, second = steering.hints(reader)
        rows = reader.rows("SELECT id, kind, payload FROM event ORDER BY id")
        said_at = next(key for key, kind, _ in rows if kind == "hint")
        asked = reader.rows("SELECT ticket FROM event WHERE kind = 'asked' AND id > ? ORDER BY id", said_at)
    assert (first.text, second.text) == ("sort the jobs", "count twice")
    assert asked[0] == (first.ticket,)
    for number, source in sources(folder).items():
        assert ("sort the jobs" in source) == (number >= first.ticket)
        assert ("sort the jobs and count twice" in source) == (number >= second.ticket)
    assert inbox.names(folder) == []


def test_hints_come_again_in_replays_and_after_a_cut(demo: Path, tmp_path: Path) -> None:
    def cut(folder: Path) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "runs" / "one"
    with pytest.raises(KeyboardInterrupt):
        run(demo, folder, at_5=hint("sort the jobs"), at_12=cut)
    session.resume(folder, Silent(), {})
    told = sources(folder)
    assert "nothing" in told[5]
    assert "sort the jobs" in told[12]
    assert all("sort the jobs" in told[number] for number in range(12, max(told) + 1))
    outcome = session.replay(folder, tmp_path / "runs", "again", Silent(), {})
    assert outcome.difference is None
    with Reader(folder) as before, Reader(tmp_path / "runs" / "again") as after:
        assert steering.hints(before) == steering.hints(after) != []


def test_a_pause_asks_nothing_until_it_ends(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    outcome, watching = run(demo, folder, at_6=lambda folder: inbox.post(folder, "pause"))
    assert outcome.stopped_by == "evaluations"
    assert watching.notes.index("paused") < len(watching.notes) - 1
    with Reader(folder) as reader:
        (paused, _), (goes_on, _) = reader.rows("SELECT id, payload FROM event WHERE kind = 'steered' ORDER BY id")
        between = reader.rows("SELECT kind FROM event WHERE id > ? AND id < ?", paused, goes_on)
        assert ("asked",) not in between
        assert [each.kind for each in said(reader)] == ["continue", "pause"]
        told = 0
        for kind, ticket in reader.sequence():  # as without the pause
            assert kind == "told" or told == max(1, ticket - 4)
            told += kind == "told"


def test_a_stop_finishes_what_is_in_flight_and_chooses(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    outcome, _ = run(demo, folder, at_6=lambda folder: inbox.post(folder, "stop"))
    assert outcome.stopped_by == "request"
    assert 6 <= outcome.evaluations < 24
    assert outcome.choice.winner is not None
    with Reader(folder) as reader:
        assert state(reader).name == "finished"
        tickets = reader.rows("SELECT COUNT(*) FROM event WHERE kind = 'asked' AND ticket NOTNULL")[0][0]
        assert reader.count() == tickets + 1


def test_a_message_counts_once_and_old_orders_not_at_all(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    run(demo, folder, at_6=hint("sort the jobs"))
    with Reader(folder) as reader:
        message = reader.events("hint")[0][1]["message"]
    left = folder / "inbox" / f"{message}.json"  # as a crash between recording and removing leaves it
    left.write_text(json.dumps({"kind": "hint", "text": "sort the jobs", "program": None}))
    inbox.post(folder, "stop")
    outcome = session.resume(folder, Silent(), {"max_evaluations": 30})
    assert outcome.evaluations == 30
    with Reader(folder) as reader:
        assert len(steering.hints(reader)) == 1
    assert not left.exists()


def test_notes_need_no_live_run(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    run(demo, folder)
    assert steering.send(folder, "note", "  why is this so slow?\nlook at it ", 3)
    with Reader(folder) as reader:
        assert [(each.text, each.program) for each in notes(reader, 3)] == [("why is this so slow?\nlook at it", 3)]
    for kind in steering.CONTROLS:
        with pytest.raises(UserError, match=f"nobody works on run one, so there is nothing to {kind}"):
            steering.send(folder, kind)
    with pytest.raises(UserError, match="no program 99"):
        steering.send(folder, "note", "text", 99)
    for text in ("", "  ", "x" * 2001):
        with pytest.raises(UserError, match="has 1 to 2000 characters"):
            steering.send(folder, "hint", text)
    assert inbox.names(folder) == []


def test_a_busy_run_gets_the_message_when_it_looks(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    run(demo, folder)
    writer = Writer.open(folder)
    with Reader(folder) as reader:
        assert not steering.send(folder, "note", "later", 1)
        assert len(inbox.names(folder)) == 1
        assert notes(reader, 1) == []
        steering.Steering(writer, reader).receive(reader.next_ticket())
        writer.close()
        assert [each.text for each in notes(reader, 1)] == ["later"]


def test_what_is_no_message_is_put_aside(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    run(demo, folder)
    box = folder / "inbox"
    box.mkdir(exist_ok=True)
    (box / "1.json").write_text("{not json")
    (box / "2.json").write_text('{"kind": "burn", "text": "", "program": null}')
    (box / "3.json").write_text('{"kind": "hint", "text": 7, "program": null}')
    (box / "4.json").write_text("[]")
    (box / "7.json").write_text("[" * 60_000)
    (box / "5.json").symlink_to(folder / "run.db")
    (box / "6.part").write_text("unfinished")
    assert list(inbox.read(folder)) == []
    assert len(list(box.glob("*.refused"))) == 6
    assert steering.send(folder, "hint", "still works")


def test_an_agent_reads_hints_in_its_brief(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    run(demo, folder)
    steering.send(folder, "hint", "balance\nthe # longest first")

    async def ask() -> tuple[str, Any]:
        desk = agent.Desk(folder)
        try:
            asked = await desk.ask()
            return asked.markdown("Answer."), asked.plain()
        finally:
            await desk.close()

    page, plain = asyncio.run(ask())
    assert "# Hints\n\n- balance the # longest first\n" in page
    assert plain["hints"][0] == "balance the # longest first"
    with Reader(folder) as reader:
        assert state(reader).name == "open"


@pytest.mark.parametrize(
    ("settings", "reads"),
    [
        ({}, False),
        ({"proposer": "mutation:2,embedded"}, False),
        ({"models": ("stub",)}, True),
        ({"models": ("stub",), "proposer": "embedded"}, False),
        ({"proposer": "embedded:1,another"}, True),
    ],
)
def test_whoever_is_given_hints_is_said_to_read_them(tmp_path: Path, settings: dict[str, Any], reads: bool) -> None:
    log = Log(tmp_path, **settings)
    log.close()
    with Reader(log.folder) as reader:
        assert steering.reads_hints(reader) is reads
