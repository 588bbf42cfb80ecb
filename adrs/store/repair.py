"""Saves what can be read of a damaged log into a new one, in which everything fits together again."""

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from adrs.errors import UserError
from adrs.store.carve import Row, carve, with_journal
from adrs.store.damage import explain
from adrs.store.lock import open_lock
from adrs.store.migrate import SCHEMA_VERSION
from adrs.store.packed import unpack
from adrs.store.requests import read_answer, unpack_request
from adrs.store.writer import DATABASE, SCHEMA

LOST_SOURCE = "# adrs repair: the source of this program could not be read\n"


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was saved and what was not."""

    path: Path
    """The new log's folder."""
    kept: dict[str, int]
    """Rows by table."""
    lost: dict[str, int]
    """Rows that must have been there: by the gaps in their numbers, and by what others say of them. Of the end of a
    file that was cut off nothing is known, so that these are least numbers."""


def damage(folder: Path) -> str:
    """What is wrong with the log of a run; empty if nothing is."""
    connection = sqlite3.connect(f"{(folder / DATABASE).resolve().as_uri()}?mode=ro", uri=True)
    try:
        found: str = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            return found
        for table, check in _CHECKS.items():
            for row in connection.execute(f"SELECT * FROM {table}"):
                check(row)
        requests = {row[0]: row for row in connection.execute("SELECT * FROM request")}
        if spoilt := _spoilt(requests):
            return f"{len(spoilt)} of {len(requests)} requests to models cannot be read"
    except (sqlite3.Error, *_WRONG) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return ""


def repair(folder: Path, target: Path) -> Salvage:
    """Read what can be read of the run in `folder` and make a new run of it in the folder `target`.

    Raises UserError where the run is being written, `target` exists or cannot be made, or nothing can be read.
    """
    lock = open_lock(folder)
    try:
        rows = _collect(carve(_content(folder / DATABASE)))
    finally:
        lock.close()
    if not rows["program"] and not rows["event"]:
        raise UserError(f"nothing can be read of {folder / DATABASE}: it holds no page of a run's log any more")
    seen = {table: len(found) for table, found in rows.items()}
    lost = _missing(rows)
    _fit_together(rows, folder, lost)
    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise UserError(f"{target} exists already; choose another --name") from None
    except OSError as error:
        raise UserError(f"{target} cannot be made: {error.strerror}; choose another --runs-dir") from None
    lost = {name: count for name, count in lost.items() if count}
    try:
        _write(target / DATABASE, rows, {"from": str(folder), "read": seen, "lost": lost})
    except sqlite3.Error as error:
        raise explain(target / DATABASE, error) from error
    return Salvage(target, {table: len(found) for table, found in rows.items() if found}, lost)


_Rows = dict[str, dict[Any, tuple[Any, ...]]]
_KEYS: dict[str, int] = {"run": 1, "event": 1, "program": 1, "source": 1, "parentage": 3, "evaluation": 1,
                         "workload_result": 2, "model_call": 1, "request": 1, "file": 1}  # fmt: skip
"""How many of a table's first columns are its key."""
_WRONG = (zlib.error, ValueError, UnicodeDecodeError)


def _check_source(row: tuple[Any, ...]) -> None:
    if sha256(unpack(row[1])).hexdigest() != row[0]:
        raise ValueError(f"the source {row[0]} has changed")


def _check_json(*columns: int) -> Callable[[tuple[Any, ...]], None]:
    def check(row: tuple[Any, ...]) -> None:
        for column in columns:
            if row[column] is not None:
                json.loads(row[column])

    return check


def _check_answer(row: tuple[Any, ...]) -> None:
    read_answer(row[4])


def _check_file(row: tuple[Any, ...]) -> None:
    if sha256(unpack(row[2])).hexdigest() != row[1]:
        raise ValueError(f"the file {row[0]} has changed")


def _spoilt(requests: Mapping[str, tuple[Any, ...]]) -> set[str]:
    """The digests of those requests that cannot be read, by themselves or for want of the one they are packed with."""
    found = set()
    for digest, (_, base, packed) in requests.items():
        try:
            unpack_request(packed, requests[base][2] if base else b"")
        except (KeyError, *_WRONG):
            found.add(digest)
    return found


_CHECKS: dict[str, Callable[[tuple[Any, ...]], None]] = {
    "run": _check_json(6), "event": _check_json(4), "program": _check_json(9), "evaluation": _check_json(8),
    "workload_result": _check_json(4), "model_call": _check_answer,
    "source": _check_source, "file": _check_file,
}  # fmt: skip


def _content(path: Path) -> bytes:
    journal = path.with_name(f"{path.name}-wal")
    try:
        return with_journal(path.read_bytes(), journal.read_bytes() if journal.is_file() else b"")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def _collect(found: Iterable[Row]) -> _Rows:
    """Rows by table and key, those left out that are not what they were."""
    rows: _Rows = {table: {} for table in _KEYS}
    for row in found:
        try:
            check = _CHECKS.get(row.table)
            if check is not None:
                check(row.values)
        except _WRONG:
            continue
        rows[row.table].setdefault(row.values[: _KEYS[row.table]], row.values)
    return rows


def _missing(rows: _Rows) -> dict[str, int]:
    """Rows that must have been there, by table: all numbers but those of programs have no gaps in a log."""
    highest = {name: max((key[0] for key in rows[name]), default=0) for name in ("event", "evaluation", "model_call")}
    highest["evaluation"] = max([highest["evaluation"], *(row[0] for row in rows["workload_result"].values())])
    lost = {"program": _missing_programs(rows)}
    lost |= {table: count - len(rows[table]) for table, count in highest.items()}
    lost["evaluation"] = max(lost["evaluation"], len(_of_lost_evaluations(rows)))
    lost["source"] = len({row[3] for row in rows["program"].values()} - {key[0] for key in rows["source"]})
    lost["run"] = 0 if rows["run"] else 1
    return lost


def _missing_programs(rows: _Rows) -> int:
    """By the events that say of them, or by the rows that name them, whichever are more. A ticket whose session ended
    while a model was asked has a number and no program."""
    tickets = {row[1] for row in rows["program"].values()}
    proposed = {row[1] for row in rows["event"].values() if row[2] == "proposed"}
    distilled = sum(row[2] == "distilled" for row in rows["event"].values()) - sum(ticket < 0 for ticket in tickets)
    named = {row[1] for row in rows["evaluation"].values()}
    named |= {number for row in rows["parentage"].values() for number in row[:2]}
    said: int = len(proposed - tickets) + max(distilled, 0)
    return max(said, len(named - {key[0] for key in rows["program"]}))


def _of_lost_evaluations(rows: _Rows) -> list[tuple[Any, ...]]:
    """Keys of the events that say of an evaluation which is not there."""
    there = {row[-1] for row in rows["evaluation"].values()}
    said = ("evaluated", "screened")
    return [key for key, row in rows["event"].items() if row[2] in said and row[0] not in there]


def _fit_together(rows: _Rows, folder: Path, lost: dict[str, int]) -> None:
    """Leave out what speaks of rows that are lost, and stand in for what everything else needs."""
    programs = {key[0] for key in rows["program"]}
    for table, columns in (("evaluation", (1,)), ("parentage", (0, 1))):
        before = rows[table]
        rows[table] = {key: row for key, row in before.items() if all(row[column] in programs for column in columns)}
        lost[f"{table} of lost programs"] = len(before) - len(rows[table])
    for key in _of_lost_evaluations(rows):
        del rows["event"][key]
    evaluations = {key[0] for key in rows["evaluation"]}
    rows["workload_result"] = {key: row for key, row in rows["workload_result"].items() if row[0] in evaluations}
    stand_in = LOST_SOURCE.encode()
    digest = sha256(stand_in).hexdigest()
    for key, row in rows["program"].items():
        if (row[3],) not in rows["source"]:
            rows["program"][key] = (*row[:3], digest, *row[4:])
            rows["source"][digest,] = (digest, zlib.compress(stand_in))
    spoilt = _spoilt({row[0]: row for row in rows["request"].values()})
    rows["request"] = {key: row for key, row in rows["request"].items() if row[0] not in spoilt}
    lost["request"] = len(spoilt)
    if not rows["run"]:
        begun = min((row[3] for row in rows["event"].values()), default=0.0)
        rows["run"][folder.name,] = (folder.name, "unknown", "", 0, begun, "", "{}")


def _write(path: Path, rows: _Rows, note: dict[str, Any]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("BEGIN")
        for statement in SCHEMA.read_text().split(";\n"):
            connection.execute(statement)
        for table, found in rows.items():
            for row in found.values():
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        last = connection.execute("SELECT COALESCE(MAX(time), 0) FROM event").fetchone()[0]
        connection.execute("INSERT INTO event (ticket, kind, time, payload) VALUES (NULL, 'repaired', ?, ?)",
                           (last, json.dumps(note)))  # fmt: skip
        connection.execute("UPDATE run SET name = ?", (path.parent.name,))
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    finally:
        connection.close()
