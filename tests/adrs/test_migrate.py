"""Logs of older versions: brought to this one when they are opened, or refused in one sentence."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from adrs import lineage
from adrs.errors import UserError
from adrs.llm.records import Call
from adrs.store import Reader, Writer
from adrs.store.requests import read_answer
from tests.adrs.lineage_tools import Log

_BACK = (
    "UPDATE model_call SET answer = unpacked(answer)",
    "DROP INDEX event_evaluated", "DROP INDEX evaluation_with_fitness", "DROP INDEX parentage_by_parent",
    "CREATE INDEX parentage_by_parent ON parentage (parent)", "DROP TABLE request",
    "ALTER TABLE evaluation DROP COLUMN event", "ALTER TABLE model_call DROP COLUMN time", "PRAGMA user_version = 1",
)  # fmt: skip
"""What makes a log of version 1 out of one of version 2."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, None, verdict="rejected", reason="no")
    log.writer.called(Call(3, "gpt", "digest", "an answer", 5, 6, 0.5, 1.0, ""))
    log.program(1, 5.0)
    log.measured(3, "validation", 1.0)
    folder = log.close()
    shutil.copytree(folder, tmp_path / "new")
    connection = sqlite3.connect(folder / "run.db")
    connection.create_function("unpacked", 1, read_answer)
    for statement in _BACK:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return folder


def test_an_older_log_is_brought_to_this_version(old: Path, tmp_path: Path) -> None:
    with Reader(old) as reader, Reader(tmp_path / "new") as expected:
        assert reader.calls(3) == expected.calls(3)
        for table in ("event", "evaluation", "program", "parentage"):
            assert reader.rows(f"SELECT * FROM {table}") == expected.rows(f"SELECT * FROM {table}")
        schema = "SELECT name FROM sqlite_master ORDER BY name"
        assert reader.rows(schema) == expected.rows(schema)
        assert [point.program for point in lineage.curve(reader).points] == [1, 3]


def test_not_while_another_process_writes(old: Path) -> None:
    import fcntl

    with (old / "run.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="is being written"):
            Reader(old)
    Writer.open(old).close()
    Reader(old).close()
