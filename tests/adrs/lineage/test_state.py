"""What is going on with a run, out of its log and its lock."""

import contextlib
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from adrs import lineage
from adrs.errors import UserError
from adrs.lineage.cloud import cloud
from adrs.lineage.said import said
from adrs.lineage.state import journal_missing, state, work
from adrs.program import Draft, Parent
from adrs.store import Reader, Writer
from tests.adrs.cli_tools import adrs, adrs_json
from tests.adrs.web.made_run import MadeRun, demo


def test_a_run_is_running_paused_stopping_finished(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "one", demo(tmp_path))
    with Reader(run.folder) as reader:
        assert (state(reader).name, state(reader).live) == ("running", True)
        assert state(reader).process
        for do, name in (("pause", "paused"), ("continue", "running"), ("stop", "stopping")):
            run.writer.event("steered", {"do": do})
            assert state(reader).name == name
        assert [each.kind for each in said(reader)] == ["stop", "continue", "pause"]
        run.finish("request")
        ended = state(reader)
        assert (ended.name, ended.process, ended.stopped_by) == ("finished", None, "request")


def test_a_run_that_was_cut_off_has_died_unless_an_agent_works_on_it(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "one", demo(tmp_path))
    run.writer.close()
    with Reader(run.folder) as reader:
        assert state(reader).name == "died"
        writer = Writer.open(run.folder)
        writer.event("started", {"by": "agent"})
        writer.close()
        assert state(reader).name == "open"


def test_a_copy_of_the_file_alone_of_a_run_that_was_cut_off_is_told(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "runs" / "one", demo(tmp_path))
    run.grow(5)
    whole, alone, early = (tmp_path / "copies" / name for name in ("whole", "alone", "early"))
    shutil.copytree(run.folder, whole)  # as it would be after a kill
    early.mkdir()
    shutil.copy(run.folder / "run.db", early)
    with contextlib.closing(sqlite3.connect(run.folder / "run.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    run.grow(5)
    alone.mkdir()
    shutil.copy(run.folder / "run.db", alone)
    said = {folder.name: adrs_json("repair", folder.name, "--runs-dir", "copies", cwd=tmp_path)["journal_missing"]
            for folder in (whole, alone)}  # fmt: skip
    assert said == {"whole": False, "alone": True}
    assert "there is no run.db-wal" in adrs("repair", str(alone), cwd=tmp_path).stdout
    with pytest.raises(UserError, match=r"is empty.* copied without the run\.db-wal"):
        Reader(early)
    run.finish()
    with Reader(run.folder) as reader:
        assert not journal_missing(reader)


def test_work_is_what_was_asked_and_not_told(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "one", demo(tmp_path))
    run.add(3.0)
    with Reader(run.folder) as reader:
        assert work(reader) == []
        run.pending(2)
        (found,) = work(reader)
        assert (found.ticket, found.program, found.parent, found.stage) == (3, None, 2, "proposing")
        run.writer.proposed(3, 3, 0, "0" * 64, Draft("", "embedded", "tune", (Parent(2, "parent"),)))
        (found,) = work(reader)
        assert (found.program, found.stage) == (3, "proposed")  # whether a worker is at it, nobody has written down
    run.writer.close()


def test_a_cloud_holds_evenly_many_of_what_worked(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "one", demo(tmp_path))
    for score in range(1, 30):
        run.add(None if score % 7 == 0 else float(score), verdict="error" if score % 7 == 0 else "ok")
    run.writer.close()
    with Reader(run.folder) as reader:
        assert [dot.program for dot in cloud(reader)] == sorted(run.scores)
        some = cloud(reader, most=10)
        assert [dot.program for dot in some] == [number for number in sorted(run.scores) if number % 3 == 0]
        assert {dot.program: dot.score for dot in some}.items() <= run.scores.items()


def test_what_is_said_of_a_run_afterwards_is_no_work_on_it(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "one", demo(tmp_path))
    run.add(3.0)
    run.finish("time")
    with Reader(run.folder) as reader:
        worked, curve = reader.seconds(), lineage.curve(reader)
    writer = Writer.open(run.folder)
    time.sleep(0.05)
    writer.event("note", {"text": "well", "program": 2})
    writer.close()
    with Reader(run.folder) as reader:
        assert reader.seconds() == worked
        assert lineage.curve(reader) == curve


def test_a_winner_is_one_that_was_chosen(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "one", demo(tmp_path))
    run.add(3.0)
    with Reader(run.folder) as reader:
        assert (lineage.chosen(reader), lineage.winner(reader)) == (None, 2)
        run.finish("time")
        assert lineage.chosen(reader) == lineage.winner(reader) == 2
