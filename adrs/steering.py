"""What people say to a run while it goes on: notes, hints, pause, go on, stop.

The process that works on the run looks at the inbox between two asks. What it finds is in the log before it has an
effect: a hint together with the ticket from which it holds, so that a resumed run and a replay give the same briefs.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adrs.errors import UserError
from adrs.store import Reader, Writer, inbox
from adrs.store.inbox import Kind, Message
from adrs.store.lock import holder
from adrs.text import run_in_command

CONTROLS: tuple[Kind, ...] = ("pause", "continue", "stop")
_DEAF = {"embedded", "mutation"}
"""Proposers that cannot read."""
_PATIENCE = 5.0
"""Seconds to wait until a message was recorded."""
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint that somebody gave during a run."""

    ticket: int
    """The first whose brief carries it."""
    text: str


class Steering:
    """Deals with messages in one session of work. A pause ends with its session."""

    def __init__(self, writer: Writer, reader: Reader, recorded: Sequence[Hint] = ()) -> None:
        """Take the log, and hints of a run that is replayed into it, which are recorded when their ticket comes."""
        self._folder = writer.folder
        self._writer = writer
        self._hints = [*hints(reader), *recorded]
        self._unrecorded = list(recorded)
        self._known = _recorded_messages(reader)
        self.paused = False
        self.stopping = False
        for message in inbox.read(self._folder):  # to an earlier session, which has ended
            if message.kind in CONTROLS:
                inbox.remove(self._folder, message)

    @property
    def waiting(self) -> bool:
        """Whether there is something to deal with."""
        return bool(inbox.names(self._folder))

    def hints(self, ticket: int) -> tuple[str, ...]:
        """What the brief of a ticket says, in the order of giving."""
        return tuple(hint.text for hint in self._hints if hint.ticket <= ticket)

    def receive(self, next_ticket: int) -> None:
        """Record what came in, and heed it. Hints hold from `next_ticket` on, which was not asked yet."""
        for message in inbox.read(self._folder):
            if message.id not in self._known:
                self._record(message, next_ticket)
            inbox.remove(self._folder, message)

    def follow(self, ticket: int) -> None:
        """Record the hints of a replayed run that hold from a ticket on."""
        for hint in [hint for hint in self._unrecorded if hint.ticket <= ticket]:
            self._unrecorded.remove(hint)
            self._writer.event("hint", {"text": hint.text, "ticket": hint.ticket})

    def _record(self, message: Message, next_ticket: int) -> None:
        self._known.add(message.id)
        if message.kind == "note":
            payload = {"message": message.id, "program": message.program, "text": message.text}
            self._writer.event("note", payload)
        elif message.kind == "hint":
            payload = {"message": message.id, "text": message.text, "ticket": next_ticket}
            self._writer.event("hint", payload)
            self._hints.append(Hint(next_ticket, message.text))
        else:
            self._writer.event("steered", {"message": message.id, "do": message.kind})
            self.paused = message.kind == "pause"
            self.stopping = self.stopping or message.kind == "stop"


def hints(reader: Reader) -> list[Hint]:
    """The hints of a log, in the order of giving."""
    return [Hint(payload["ticket"], payload["text"]) for _, payload in reader.events("hint")]


def send(
    folder: Path, kind: Kind, text: str = "", program: int | None = None, patience_seconds: float = _PATIENCE
) -> bool:
    """Say something to a run, whoever works on it; where nobody does, notes and hints are recorded at once.

    Returns False where it still waits for whoever works on the run. Raises UserError for an unknown program, a wrong
    text, and for what only a run that goes on can heed.
    """
    with Reader(folder) as reader:
        if program is not None:
            reader.program(program)
        name = reader.info.name
    if kind in CONTROLS and holder(folder) is None:
        resume = f"adrs resume {run_in_command(folder)}"
        raise UserError(f"nobody works on run {name}, so there is nothing to {kind}; `{resume}` goes on with it")
    message = inbox.post(folder, kind, text, program)
    patience = time.monotonic() + patience_seconds
    while inbox.is_there(folder, message) and time.monotonic() < patience:
        if holder(folder) is None:
            _record_now(folder)
        else:
            time.sleep(_PAUSE)
    return not inbox.is_there(folder, message)


def reads_hints(reader: Reader) -> bool:
    """Whether one of the run's own proposers reads hints: all but the embedded ones are given them."""
    configuration = reader.info.configuration
    named = {entry.partition(":")[0].strip() for entry in (configuration.get("proposer") or "").split(",")} - {""}
    return bool(named - _DEAF) if named else bool(configuration.get("models"))


def _record_now(folder: Path) -> None:
    """Be the writer for a moment; somebody who came first deals with the messages as well."""
    try:
        writer = Writer.open(folder)
    except UserError:
        time.sleep(_PAUSE)
        return
    try:
        with Reader(folder) as reader:
            Steering(writer, reader).receive(reader.next_ticket())
    finally:
        writer.close()


def _recorded_messages(reader: Reader) -> set[str]:
    kinds = ("note", "hint", "steered")
    return {payload["message"] for kind in kinds for _, payload in reader.events(kind) if "message" in payload}
