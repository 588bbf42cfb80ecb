"""What is going on with a run: who works on it, what is in the making, and how the last session ended."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from adrs.store import Reader
from adrs.store.lock import holder
from adrs.store.writer import DATABASE

Name = Literal["running", "paused", "stopping", "finished", "died", "open"]
_MOST_TICKETS = 500
"""The last ones, among which work in flight is looked for."""


@dataclass(frozen=True, slots=True)
class State:
    """How things are with a run."""

    name: Name
    """`died`: its process ended without a word; `open`: an agent works on it, one call at a time."""
    process: int | None
    """Who works on it; None where nobody does, 0 where that process has no number here."""
    since: float | None
    """When the last session began, in seconds since 1970."""
    stopped_by: str | None
    """What ended the last session: `time`, `evaluations`, `interrupt`, `request` and so on."""

    @property
    def live(self) -> bool:
        """Whether a process works on it."""
        return self.process is not None


@dataclass(frozen=True, slots=True)
class Work:
    """A ticket that was asked and is not told yet."""

    ticket: int
    program: int | None
    """Its number; None while it is being proposed."""
    parent: int
    stage: Literal["proposing", "proposed", "evaluated"]
    """The log does not tell which of the proposed ones a worker is at, and which wait for one."""
    operator: str
    """What it was made by; while it is being proposed, what the search wishes."""
    since: float
    """Of the last event, in seconds since 1970."""


def state(reader: Reader) -> State:
    """How things are with a run now."""
    process = holder(reader.folder)
    began: tuple[float, str] | None = None
    by: str | None = None
    steps: list[Any] = []
    for time, kind, payload in reader.rows(
        "SELECT time, kind, payload FROM event WHERE ticket IS NULL AND kind IN ('started', 'stopped', 'steered')"
        " ORDER BY id"
    ):
        data = json.loads(payload or "{}")
        if kind == "started":
            began, by, steps = (time, str(data.get("by", ""))), None, []
        elif kind == "stopped":
            by = str(data.get("by", ""))
        else:
            steps.append(data.get("do"))
    since, agent = began or (None, "")
    if process is not None:
        return State(_live(steps), process, since, None)
    if by is not None:
        return State("finished", None, since, by)
    return State("open" if agent else "died", None, since, None)


def journal_missing(reader: Reader) -> bool:
    """Whether the last session was cut off and there is no `run.db-wal`, which then has the latest rows: the run was
    copied without it, or somebody has closed the log since, which folds them into `run.db`."""
    journal = reader.folder / f"{DATABASE}-wal"
    return state(reader).name == "died" and not (journal.is_file() and journal.stat().st_size)


def work(reader: Reader) -> list[Work]:
    """What is in the making, by ticket; in a run that nobody works on, what was cut off."""
    last = reader.rows("SELECT MAX(ticket) FROM event")[0][0] or 0
    events: dict[int, dict[str, tuple[float, Any]]] = {}
    for ticket, kind, time, payload in reader.rows(
        "SELECT ticket, kind, time, payload FROM event WHERE ticket > ? ORDER BY ticket, id", last - _MOST_TICKETS
    ):
        events.setdefault(ticket, {})[kind] = (time, payload)
    open_tickets = {ticket: found for ticket, found in events.items() if "asked" in found and "told" not in found}
    return [_work(reader, ticket, found) for ticket, found in open_tickets.items()]


def _live(steps: list[Any]) -> Name:
    if "stop" in steps:
        return "stopping"
    return "paused" if steps and steps[-1] == "pause" else "running"


def _work(reader: Reader, ticket: int, events: dict[str, tuple[float, Any]]) -> Work:
    asked = json.loads(events["asked"][1])
    rows = reader.rows("SELECT id, operator FROM program WHERE ticket = ?", ticket)
    number, operator = rows[0] if rows else (asked.get("promote"), str(asked.get("operator") or ""))
    ended = "evaluated" in events or "screened" in events
    stage: Literal["proposing", "proposed", "evaluated"]
    stage = "evaluated" if ended else "proposing" if number is None else "proposed"
    since = max(time for time, _ in events.values())
    return Work(ticket, number, int(asked["parent"]), stage, operator, since)
