"""Brings the log of an older adrs to the schema of this one, in place and in one transaction."""

import sqlite3
from pathlib import Path

from adrs.errors import UserError
from adrs.store.damage import explain
from adrs.store.lock import open_lock
from adrs.store.requests import pack_answer

SCHEMA_VERSION = 2

_STEPS: dict[int, tuple[str, ...]] = {
    1: (
        # an evaluation and its event were written in one transaction, so that the n-th belongs to the n-th
        "ALTER TABLE evaluation ADD COLUMN event INTEGER NOT NULL DEFAULT 0",
        "CREATE TEMP TABLE pairing AS SELECT e.id AS evaluation, v.id AS event"
        " FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM evaluation) e"
        " JOIN (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM event"
        "       WHERE kind IN ('evaluated', 'screened')) v USING (place)",
        "CREATE UNIQUE INDEX temp.pairing_by_evaluation ON pairing (evaluation, event)",
        "UPDATE evaluation SET event ="
        " COALESCE((SELECT event FROM temp.pairing WHERE pairing.evaluation = evaluation.id), 0)",
        "DROP TABLE temp.pairing",
        "ALTER TABLE model_call ADD COLUMN time REAL NOT NULL DEFAULT 0",
        "UPDATE model_call SET answer = pack_answer(answer)",
        "UPDATE model_call SET time = COALESCE("
        " (SELECT MIN(time) FROM event WHERE event.ticket = model_call.ticket AND kind = 'proposed'),"
        " (SELECT MIN(time) FROM event WHERE event.ticket = model_call.ticket), (SELECT created FROM run))",
        "CREATE TABLE request (digest TEXT PRIMARY KEY, base TEXT NOT NULL, messages BLOB NOT NULL)",
        "ALTER TABLE source RENAME TO old_source",
        "CREATE TABLE source (digest TEXT PRIMARY KEY, text BLOB NOT NULL)",
        "INSERT INTO source SELECT digest, text FROM old_source",
        "DROP TABLE old_source",
        "CREATE INDEX event_evaluated ON event (id) WHERE kind = 'evaluated' AND ticket IS NOT NULL",
        "CREATE INDEX evaluation_with_fitness ON evaluation (id, fitness, program)"
        " WHERE split = 'train' AND fitness IS NOT NULL",
        "DROP INDEX parentage_by_parent",
        "CREATE INDEX parentage_by_parent ON parentage (parent, role, child)",
    ),
}


def migrate(path: Path) -> None:
    """Bring the log `path` to this version. Raises UserError where it is newer, written to, or cannot be written."""
    lock = open_lock(path.parent)
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.create_function("pack_answer", 1, pack_answer, deterministic=True)
            connection.execute("BEGIN IMMEDIATE")
            version = found_version(path, connection)
            for step in range(version, SCHEMA_VERSION):
                for statement in _STEPS[step]:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise explain(path, error) from error
    finally:
        lock.close()


def found_version(path: Path, connection: sqlite3.Connection) -> int:
    """The version of a log; raises UserError where this adrs cannot read it."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if not version and not connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        raise UserError(
            f"{path} is empty: nothing was recorded, or it was cut off, or copied without the {path.name}-wal beside it"
        )
    if version not in (*_STEPS, SCHEMA_VERSION):
        raise UserError(
            f"{path.parent} has a log of version {version}; this adrs reads versions {min(_STEPS)} to {SCHEMA_VERSION}"
        )
    return version
