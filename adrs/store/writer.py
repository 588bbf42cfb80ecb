"""The one writer of a run's log. Each method is one transaction: it has happened, or it has not."""

import fcntl
import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from adrs import __version__
from adrs.errors import UserError
from adrs.llm.records import Call
from adrs.problem import Problem
from adrs.program import Draft, Evaluation, Selection

DATABASE = "run.db"
_LOCK = "run.lock"
_SCHEMA = Path(__file__).with_name("schema.sql")
SCHEMA_VERSION = 1


class Writer:
    """Appends to the log of one run; holds its lock until closed."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, lock: IO[str]) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = lock

    @classmethod
    def create(cls, folder: Path, problem: Problem, seed: int, configuration: Mapping[str, Any]) -> "Writer":
        """Make the folder and the empty log of a new run; raises UserError where that is impossible."""
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise UserError(f"{folder} exists already; choose another --name") from None
        except OSError as error:
            raise UserError(f"{folder} cannot be made: {error.strerror}; choose another --runs-dir") from None
        writer = cls._open(folder)
        with writer._transaction() as cursor:
            for statement in _SCHEMA.read_text().split(";\n"):
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
        writer = cls._open(folder)
        version = writer._connection.execute("PRAGMA user_version").fetchone()[0]
        if version != SCHEMA_VERSION:
            writer.close()
            raise UserError(f"{folder} has a log of version {version}; this adrs writes version {SCHEMA_VERSION}")
        return writer

    @classmethod
    def _open(cls, folder: Path) -> "Writer":
        try:
            lock = (folder / _LOCK).open("a+")
        except OSError as error:
            raise UserError(f"{folder} cannot be written: {error.strerror}") from None
        try:
            _take(lock, folder)
        except UserError:
            lock.close()
            raise
        try:
            connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -4096")
        except sqlite3.Error as error:
            lock.close()
            raise _explain(folder, error) from error
        return cls(folder, connection, lock)

    def release(self) -> None:
        """Let other processes write until `acquire`; nothing may be written in between."""
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def acquire(self) -> None:
        """Take the lock again; raises UserError if another process writes."""
        _take(self._lock, self.folder)

    def close(self) -> None:
        """Fold the write-ahead log into the file and release the lock."""
        self._connection.close()
        self._lock.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        cursor = self._connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
            yield cursor
            cursor.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise _explain(self.folder, error) from error
        except BaseException:
            self._roll_back()
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
        for name, value in (("island", selection.island), ("operator", selection.operator), ("until", selection.until)):
            if value:
                payload[name] = value
        if selection.promote is not None:
            payload["promote"] = selection.promote.id
        self.event("asked", payload, ticket)

    def proposed(self, ticket: int, number: int, island: int, digest: str, draft: Draft) -> None:
        """A draft became program `number`; its digest is empty when its source cannot be read."""
        text = draft.source.encode(errors="surrogatepass")
        exact = sha256(text).hexdigest()
        with self._transaction() as cursor:
            cursor.execute("INSERT OR IGNORE INTO source VALUES (?, ?)", (exact, zlib.compress(text, 9)))
            cursor.execute(
                "INSERT INTO program VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (number, ticket, digest, exact, island, draft.proposer, _text(draft.operator), _text(draft.model),
                 _text(draft.rationale), _json(draft.detail), _text(draft.failure)),
            )  # fmt: skip
            for parent in dict.fromkeys(draft.parents):
                cursor.execute("INSERT INTO parentage VALUES (?, ?, ?)", (number, parent.id, parent.role))
            _event(cursor, "proposed", None, ticket)

    def screened(self, ticket: int, number: int, evaluation: Evaluation, duplicate_of: int | None = None) -> None:
        """A program that needs no evaluation: refused, or a duplicate whose evaluation is copied."""
        with self._transaction() as cursor:
            _evaluation(cursor, number, evaluation, duplicate_of)
            _event(cursor, "screened", None, ticket)

    def evaluated(self, ticket: int | None, number: int, evaluation: Evaluation) -> None:
        """An evaluation came back; without a ticket it was one for choosing or reporting the winner."""
        with self._transaction() as cursor:
            _evaluation(cursor, number, evaluation, None)
            _event(cursor, "evaluated", None if ticket else {"program": number, "split": evaluation.split}, ticket)

    def called(self, call: Call) -> None:
        """A model answered, or stayed broken after all retries."""
        with self._transaction() as cursor:
            cursor.execute(
                "INSERT INTO model_call VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (call.ticket, call.model, call.request_digest, _text(call.answer), call.input_tokens,
                 call.output_tokens, call.usd, call.seconds, _text(call.error)),
            )  # fmt: skip

    def told(self, ticket: int) -> None:
        """The search and the proposers are about to hear how a ticket ended."""
        self.event("told", None, ticket)


def _take(lock: IO[str], folder: Path) -> None:
    """Lock the file and leave the process id in it, for whoever comes later."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        other = lock.read().strip() or "unknown"
        raise UserError(f"run {folder.name} is being written by process {other}; stop that one first") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def _event(cursor: sqlite3.Cursor, kind: str, payload: Mapping[str, Any] | None, ticket: int | None) -> None:
    cursor.execute(
        "INSERT INTO event (ticket, kind, time, payload) VALUES (?, ?, ?, ?)",
        (ticket, kind, time.time(), None if payload is None else _json(payload)),
    )


def _evaluation(cursor: sqlite3.Cursor, number: int, evaluation: Evaluation, duplicate_of: int | None) -> None:
    cursor.execute(
        "INSERT INTO evaluation (program, split, stage, verdict, reason, score, fitness, metrics, output, duplicate_of,"
        " wall_seconds, cpu_seconds, peak_memory_mb, sandbox) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (number, evaluation.split, evaluation.stage, evaluation.verdict, _text(evaluation.reason), evaluation.score,
         evaluation.fitness, _json(evaluation.metrics), _text(evaluation.output), duplicate_of,
         evaluation.wall_seconds, evaluation.cpu_seconds, evaluation.peak_memory_mb, evaluation.sandbox),
    )  # fmt: skip
    if duplicate_of is not None:
        return
    row = cursor.lastrowid
    for result in evaluation.workloads:
        cursor.execute(
            "INSERT INTO workload_result VALUES (?, ?, ?, ?, ?, ?)",
            (row, result.name, result.verdict, result.score, _json(result.metrics), _text(result.feedback)),
        )


def _text(text: str) -> str:
    """Text that SQLite can hold: lone surrogates, which a candidate may print, are replaced."""
    return text.encode(errors="replace").decode()


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    return value.item()  # numpy scalars


def _explain(folder: Path, error: sqlite3.Error) -> UserError:
    """One sentence for what went wrong with the file; nothing that was committed is lost."""
    text = str(error)
    if "full" in text or "disk I/O" in text:
        return UserError(
            f"the disk of {folder} is full: what was recorded is safe; make room, then `adrs resume {folder.name}`"
        )
    if "readonly" in text or "unable to open" in text:
        return UserError(f"{folder / DATABASE} cannot be written; check its permissions")
    if "malformed" in text or "not a database" in text:
        return UserError(f"{folder / DATABASE} is damaged ({text})")
    return UserError(f"{folder / DATABASE}: {text}")
