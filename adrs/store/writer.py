"""The one writer of a run's log. Each method is one transaction: it has happened, or it has not."""

import json
import sqlite3
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from adrs import __version__
from adrs.errors import UserError
from adrs.llm.records import Call
from adrs.program import Draft, Evaluation, Selection
from adrs.store import lock as locks
from adrs.store.damage import OURS, explain
from adrs.store.migrate import SCHEMA_VERSION, migrate
from adrs.store.requests import keep_request, pack_answer
from adrs.text import encodable

if TYPE_CHECKING:  # readers must not wait for what problems need
    from adrs.problem import Problem

DATABASE = "run.db"
SCHEMA = Path(__file__).with_name("schema.sql")


class Writer:
    """Appends to the log of one run; holds its lock until closed."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, lock: IO[str]) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = lock

    @classmethod
    def create(cls, folder: Path, problem: "Problem", seed: int, configuration: Mapping[str, Any]) -> "Writer":
        """Make the empty log of a new run, and its folder if need be; raises UserError where that is impossible."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if next(folder.iterdir(), None) is not None:
                raise UserError(f"{folder} exists already; choose another --name")
        except OSError as error:
            raise UserError(f"{folder} cannot be made: {error.strerror}; choose another --runs-dir") from None
        writer = cls._open(folder)
        with writer._transaction() as cursor:
            for statement in SCHEMA.read_text().split(";\n"):
                cursor.execute(statement)
            cursor.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            cursor.execute(
                "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)",
                (folder.name, problem.name, problem.digest(), seed, time.time(), __version__, _json(configuration)),
            )
            for name, content in problem.snapshot().items():
                cursor.execute(
                    "INSERT INTO file VALUES (?, ?, ?)", (name, sha256(content).hexdigest(), zlib.compress(content, 9))
                )
        return writer

    @classmethod
    def open(cls, folder: Path) -> "Writer":
        """Go on with a run; raises UserError if another process writes to it, or it was made by a newer version."""
        if not (folder / DATABASE).is_file():
            raise UserError(f"{folder} holds no {DATABASE}, so it is not a run")
        migrate(folder / DATABASE)
        return cls._open(folder)

    @classmethod
    def _open(cls, folder: Path) -> "Writer":
        lock = locks.open_lock(folder)
        try:
            connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -4096")
        except sqlite3.Error as error:
            lock.close()
            raise explain(folder / DATABASE, error) from error
        return cls(folder, connection, lock)

    def release(self) -> None:
        """Let other processes write until `acquire`; nothing may be written in between."""
        locks.release(self._lock)

    def acquire(self) -> None:
        """Take the lock again; raises UserError if another process writes."""
        locks.take(self._lock, self.folder)

    def close(self) -> None:
        """Fold the write-ahead log into the file, also while somebody reads, and release the lock."""
        with suppress(sqlite3.Error):  # a full disk: then all stays where it is, and is read from there
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._connection.close()
        self._lock.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of all that is written inside: for logs that are made from something else, such as
        another log; what a session writes must be safe before it has an effect."""
        with self._transaction():
            yield

    @contextmanager
    def _transaction(self, synced: bool = False) -> Iterator[sqlite3.Cursor]:
        """synced: wait until the disk has it, and with it all from before. Without, what is written outlives the end of
        this process in any way, and not always a loss of power."""
        cursor = self._connection.cursor()
        if self._connection.in_transaction:
            yield cursor
            return
        if not locks.in_place(self._lock, self.folder):
            raise UserError(
                f"{self.folder} was removed, moved or replaced while its run went on; if the run lies elsewhere now, "
                "`adrs resume` goes on with it there"
            )
        try:
            if synced:
                cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("BEGIN IMMEDIATE")
            yield cursor
            cursor.execute("COMMIT")
            if synced:
                cursor.execute("PRAGMA synchronous = NORMAL")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error) and not isinstance(error, OURS):
                raise explain(self.folder / DATABASE, error) from error
            raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.rollback()

    def event(self, kind: str, payload: Mapping[str, Any] | None = None, ticket: int | None = None) -> None:
        """An event that needs no other table."""
        with self._transaction() as cursor:
            _event(cursor, kind, payload, ticket)

    def asked(self, ticket: int, selection: Selection) -> None:
        """What the search chose, before a proposer hears of it."""
        payload: dict[str, Any] = {"parent": selection.parent.id}
        if selection.inspirations:
            payload["inspirations"] = [program.id for program in selection.inspirations]
        for name in ("island", "operator", "until", "independent"):
            if getattr(selection, name):
                payload[name] = getattr(selection, name)
        if selection.least is not None:
            payload["least"] = selection.least
        if selection.promote is not None:
            payload["promote"] = selection.promote.id
        self.event("asked", payload, ticket)

    def proposed(self, ticket: int, number: int, island: int, digest: str, draft: Draft) -> None:
        """A draft became program `number`; its digest is empty when its source cannot be read."""
        with self._transaction() as cursor:
            _program(cursor, ticket, number, island, digest, draft)
            _event(cursor, "proposed", None, ticket)

    def screened(self, ticket: int, number: int, evaluation: Evaluation, duplicate_of: int | None = None) -> None:
        """A program that needs no evaluation: refused, or a duplicate whose evaluation is copied."""
        with self._transaction() as cursor:
            _evaluation(cursor, number, evaluation, duplicate_of, _event(cursor, "screened", None, ticket))

    def evaluated(self, ticket: int | None, number: int, evaluation: Evaluation) -> None:
        """An evaluation came back; without a ticket it was one for choosing or reporting the winner."""
        with self._transaction() as cursor:
            payload = None if ticket else {"program": number, "split": evaluation.split}
            _evaluation(cursor, number, evaluation, None, _event(cursor, "evaluated", payload, ticket))

    def distilled(self, digest: str, draft: Draft, evaluations: Sequence[Evaluation], number: int | None = None) -> int:
        """A program that was made out of another one when the run was over; returns its number.

        No search asked for it and none is told of it: it has no ticket, and no fitness on any split. Its number is the
        next free one, which the run leaves out when it goes on; `number` gives one, for a copy of another log.
        """
        with self._transaction() as cursor:
            if number is None:
                number = int(cursor.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM program").fetchone()[0])
            _program(cursor, -number, number, 0, digest, draft)
            event = _event(cursor, "distilled", {"program": number}, None)
            for evaluation in evaluations:
                _evaluation(cursor, number, replace(evaluation, fitness=None), None, event)
        return number

    def called(self, call: Call) -> None:
        """A model answered, or stayed broken after all retries; what was paid for outlives a loss of power."""
        with self._transaction(synced=True) as cursor:
            cursor.execute(
                "INSERT INTO model_call VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (call.ticket, call.model, call.request_digest, pack_answer(call.answer), call.input_tokens,
                 call.output_tokens, call.usd, call.seconds, encodable(call.error), time.time()),
            )  # fmt: skip
            keep_request(cursor, call)

    def told(self, ticket: int) -> None:
        """The search and the proposers are about to hear how a ticket ended."""
        self.event("told", None, ticket)


def _program(cursor: sqlite3.Cursor, ticket: int, number: int, island: int, digest: str, draft: Draft) -> None:
    text = draft.source.encode(errors="surrogatepass")
    exact = sha256(text).hexdigest()
    cursor.execute("INSERT OR IGNORE INTO source VALUES (?, ?)", (exact, zlib.compress(text, 9)))
    cursor.execute(
        "INSERT INTO program VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (number, ticket, digest, exact, island, draft.proposer, encodable(draft.operator), encodable(draft.model),
         encodable(draft.rationale), _json(draft.detail), encodable(draft.failure)),
    )  # fmt: skip
    for parent in dict.fromkeys(draft.parents):
        cursor.execute("INSERT INTO parentage VALUES (?, ?, ?)", (number, parent.id, parent.role))


def _event(cursor: sqlite3.Cursor, kind: str, payload: Mapping[str, Any] | None, ticket: int | None) -> int:
    """Add an event; returns its number."""
    cursor.execute(
        "INSERT INTO event (ticket, kind, time, payload) VALUES (?, ?, ?, ?)",
        (ticket, kind, time.time(), None if payload is None else _json(payload)),
    )
    return cursor.lastrowid or 0


def _evaluation(
    cursor: sqlite3.Cursor, number: int, evaluation: Evaluation, duplicate_of: int | None, event: int
) -> None:
    cursor.execute(
        "INSERT INTO evaluation (program, split, stage, verdict, reason, score, fitness, metrics, output, duplicate_of,"
        " wall_seconds, cpu_seconds, peak_memory_mb, sandbox, event)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (number, evaluation.split, evaluation.stage, evaluation.verdict, encodable(evaluation.reason), evaluation.score,
         evaluation.fitness, _json(evaluation.metrics), encodable(evaluation.output), duplicate_of,
         evaluation.wall_seconds, evaluation.cpu_seconds, evaluation.peak_memory_mb, evaluation.sandbox, event),
    )  # fmt: skip
    if duplicate_of is not None:
        return
    row = cursor.lastrowid
    for result in evaluation.workloads:
        cursor.execute(
            "INSERT INTO workload_result VALUES (?, ?, ?, ?, ?, ?)",
            (row, result.name, result.verdict, result.score, _json(result.metrics), encodable(result.feedback)),
        )


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    return value.item()  # numpy scalars
